import type { ReadyAgent } from '@imago/configuration-management'
import { agentFailure } from '@imago/configuration-management'
import type { ProvisionContext } from '@imago/core'
import { resolveFacts } from '@imago/core'

import { chefFailures } from './chef-failures.ts'
import type { ChefOptions } from './chef-options.ts'

/** What is to follow a run: nothing, or the same again after a restart of the machine. */
export type RunOutcome = 'done' | 'restart'

/** How often a client may upgrade itself before it runs. */
const maxUpgrades = 2

/** How to run a program of Chef's. */
export interface ChefRun {
  /** What messages call it: `'chef-solo'`. */
  readonly what: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** What to do when recipes want the machine restarted. */
  readonly onReboot: 'fail' | 'restart' | 'ignore'
  /** What to do about it. */
  readonly rebootHint: string
}

/** What the exit codes mean (https://github.com/chef-boneyard/chef-rfc/blob/master/rfc062-exit-status.md). */
const meanings: Readonly<Record<number, string>> = {
  35: 'a recipe has scheduled a restart of the machine',
  37: 'a recipe needs the machine restarted',
  41: 'the machine could not be restarted',
  172: 'its licence has not been accepted',
  213: 'the client has upgraded itself, over and over',
}

/**
 * Runs a program of Chef's, again when it has upgraded itself.
 * @throws ImagoError `COMMAND_FAILED` with the exit code and the resource that failed
 */
export async function runChef(
  ready: ReadyAgent,
  run: ChefRun,
  options: ChefOptions,
  ctx: Pick<ProvisionContext, 'emit' | 'facts'>,
  upgrades = 0,
): Promise<RunOutcome> {
  const { what, onReboot } = run
  const { license, logLevel, extraArguments = [] } = options
  const reader = chefFailures()
  const exitCode = await ready.run({
    args: [
      '--no-color',
      '--force-formatter',
      ...run.args,
      ...(logLevel === undefined ? [] : ['--log_level', logLevel]),
      ...(license === undefined ? [] : ['--chef-license', license]),
      ...resolveFacts(extraArguments, ctx.facts),
    ],
    ...(run.cwd !== undefined && { cwd: run.cwd }),
    onLine: reader.onLine,
  })
  if (exitCode === 0) return 'done'
  if (exitCode === 213 && upgrades < maxUpgrades) return await runChef(ready, run, options, ctx, upgrades + 1)
  const wantsReboot = exitCode === 35 || exitCode === 37
  if (wantsReboot && onReboot === 'restart') return 'restart'
  if (wantsReboot && onReboot === 'ignore') {
    ctx.emit({ type: 'message', level: 'warning', text: `${what}: ${meanings[exitCode]}; onReboot says to ignore it` })
    return 'done'
  }
  const hint = wantsReboot
    ? run.rebootHint
    : exitCode === 172
      ? "accept it with license: 'accept-no-persist', or use product: 'cinc'"
      : undefined
  const failures = wantsReboot ? [] : reader.failures().map(ready.withLocalPaths)
  throw agentFailure({ what, exitCode, failures, meaning: meanings[exitCode], hint })
}
