import { basename } from 'node:path'

import type { StagedFile } from '@imago/configuration-management'
import { agentFailure, withAgent } from '@imago/configuration-management'
import type { ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { resolveFacts, splitStepOptions } from '@imago/core'

import { saltFailures } from './salt-failures.ts'
import type { SaltMasterlessOptions } from './salt-options.ts'
import { saltInputs, saltIssues } from './salt-options.ts'
import { saltProgram } from './salt-program.ts'

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
    cacheable: { revision: 1 },
    provision: async (ctx) => await apply(own, ctx),
  }
}

function title({ state, states }: Partial<Record<keyof SaltMasterlessOptions, unknown>>): string {
  const names = [state].flat().filter((name) => typeof name === 'string')
  if (names.length > 0) return `salt ${names.join(', ')}`
  return typeof states === 'string' ? `salt highstate of ${basename(states)}` : 'salt highstate'
}

async function apply(options: SaltMasterlessOptions, ctx: ProvisionContext): Promise<void> {
  const { state, logLevel = 'info', extraArguments = [] } = options
  const names = [state ?? []].flat()
  await withAgent({ agent: saltProgram, options, files: stagedFiles(options) }, ctx, async (ready) => {
    const { onLine, failures } = saltFailures()
    const exitCode = await ready.run({
      args: [
        '--local',
        `--config-dir=${ready.directory}/config`,
        '--retcode-passthrough',
        `--log-level=${logLevel}`,
        '--no-color',
        ...resolveFacts(extraArguments, ctx.facts),
        ...(names.length === 0 ? ['state.highstate'] : ['state.sls', names.join(',')]),
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

/** The trees, and a configuration that leads to them, above the user's own. What Salt keeps for itself stays among them. */
function stagedFiles({ states, formulas = [], pillar, minionConfig, grains }: SaltMasterlessOptions): readonly StagedFile[] {
  const configuration = (directory: string): string =>
    json({
      file_client: 'local',
      file_roots: { base: ['states', ...formulas.map((_, index) => `formulas/${index}`)].map((path) => `${directory}/${path}`) },
      pillar_roots: { base: pillar === undefined ? [] : [`${directory}/pillar`] },
      cachedir: `${directory}/cache`,
      pki_dir: `${directory}/pki`,
      log_file: `${directory}/log`,
    })
  return [
    { to: 'states', path: states },
    ...formulas.map((path, index) => ({ to: `formulas/${index}`, path })),
    ...(pillar === undefined ? [] : [{ to: 'pillar', path: pillar }]),
    { to: 'config/minion', ...(minionConfig === undefined ? { content: '{}\n' } : { path: minionConfig }) },
    { to: 'config/minion.d/imago.conf', content: configuration },
    ...(grains === undefined
      ? []
      : [{ to: 'config/grains', ...(typeof grains === 'string' ? { path: grains } : { content: json(grains) }) }]),
  ]
}

/** Plain data as Salt reads it: JSON is YAML. */
function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
