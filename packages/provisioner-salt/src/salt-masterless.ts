import { basename } from 'node:path'

import { agentFailure, withAgent } from '@imago/configuration-management'
import type { ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { resolveFacts, splitStepOptions } from '@imago/core'

import type { LocalFormula } from './fetch-formula.ts'
import { fetchFormula } from './fetch-formula.ts'
import { saltFailures } from './salt-failures.ts'
import type { SaltMasterlessOptions } from './salt-options.ts'
import { saltInputs, saltIssues } from './salt-options.ts'
import { saltProgram } from './salt-program.ts'
import { keepTrees, stagedFiles } from './salt-trees.ts'

/**
 * Applies Salt states in the machine, without a master: `salt-call --local`. States, pillar and configuration go over in one stream, into
 * a directory that is gone when it is over; what Salt caches is in there too.
 *
 * Fails with `COMMAND_FAILED` and Salt's own exit code when states do not compile or one fails (it is named), with `TOOL_MISSING` when
 * there is no Salt and `install` brings none, and with `INPUT_MISSING` when a file is gone.
 * @example saltMasterless({ states: 'salt/states', pillar: 'salt/pillar' })
 * @example saltMasterless({ states: 'salt', state: ['web.nginx', 'users'], grains: { role: 'web' }, install: 'package' })
 */
export function saltMasterless<const N extends string = never>(
  options: SaltMasterlessOptions & StepOptions & Scope<N>,
): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'salt-masterless',
    ...common,
    options: own,
    title: title(own),
    validate: () => saltIssues(own),
    inputs: () => saltInputs(own),
    platform: 'posix',
    cacheable: isSettled(own) ? { revision: 2 } : { never: 'a formula may have other states than it did' },
    provision: async (ctx) => await apply(own, ctx),
  }
}

function title({ state, states }: Partial<Record<keyof SaltMasterlessOptions, unknown>>): string {
  const names = [state].flat().filter((name) => typeof name === 'string')
  if (names.length > 0) return `salt ${names.join(', ')}`
  return typeof states === 'string' ? `salt highstate of ${basename(states)}` : 'salt highstate'
}

/** A formula is the same each time when it is a folder, which is looked at, or a commit. */
function isSettled({ formulas }: Partial<Record<keyof SaltMasterlessOptions, unknown>>): boolean {
  if (!Array.isArray(formulas)) return true
  return formulas.every((formula: unknown) => {
    if (typeof formula !== 'object' || formula === null) return true
    return 'ref' in formula && typeof formula.ref === 'string' && /^[0-9a-f]{40,64}$/.test(formula.ref)
  })
}

async function apply(options: SaltMasterlessOptions, ctx: ProvisionContext): Promise<void> {
  const { state, logLevel = 'info', extraArguments = [] } = options
  const names = [state ?? []].flat()
  const formulas: LocalFormula[] = []
  for (const formula of options.formulas ?? []) formulas.push(await fetchFormula(formula, ctx))
  await withAgent({ agent: saltProgram, options, files: stagedFiles(options, formulas) }, ctx, async (ready) => {
    await keepTrees(options, ready)
    const { onLine, failures } = saltFailures()
    const exitCode = await ready.run({
      args: [
        '--local',
        `--config-dir=${ready.directory}/config`,
        '--retcode-passthrough',
        `--log-level=${logLevel}`,
        '--no-color',
        ...(names.length === 0 ? ['state.highstate'] : ['state.sls', names.join(',')]),
        // behind the function: `test=True` is an argument of it
        ...resolveFacts(extraArguments, ctx.facts),
      ],
      onLine,
    })
    if (exitCode === 0) return
    throw agentFailure({ what: 'salt-call', exitCode, failures: failures().map(ready.withLocalPaths), meaning: meanings[exitCode] })
  })
}

/** What the exit codes of `--retcode-passthrough` mean (https://docs.saltproject.io/en/latest/topics/return_codes/). */
const meanings: Readonly<Record<number, string>> = {
  1: 'the states do not compile',
  2: 'states failed',
  5: 'the pillar does not compile',
  64: 'it does not know an argument',
}
