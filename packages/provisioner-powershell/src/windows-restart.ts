import type { Duration, Issue, Provisioner, Scope, StepOptions } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { restartWindows } from './restart-windows.ts'

/** What {@link windowsRestart} takes. */
export interface WindowsRestartOptions {
  /** Command of `cmd.exe` that restarts the machine. @default `shutdown /r /f /t 0` */
  readonly command?: string
  /** Command of `cmd.exe` that succeeds when the machine is ready. It is tried until it does. @default none: a machine that takes commands is ready */
  readonly check?: string
  /**
   * Waits until these keys of the registry are gone, which are there while Windows goes on with updates or wants another restart.
   * `true` are those that say so of updates and components. @default false
   */
  readonly registryKeys?: boolean | readonly string[]
  /** How long it may take until the machine is ready. @default '10m' */
  readonly within?: Duration
}

const schema = v.strictObject({
  command: v.optional(optionSchema.text),
  check: v.optional(optionSchema.text),
  registryKeys: v.optional(v.union([v.boolean(), v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))])),
  within: v.optional(optionSchema.duration),
})

/**
 * Restarts a machine that runs Windows, and goes on when it takes commands again: it is asked before and after when it was started last.
 *
 * Fails with `COMMAND_FAILED` when the command fails, `TIMEOUT` when the machine is not ready in time, and `UNSUPPORTED` for a machine
 * that does not run Windows or cannot restart.
 * @example windowsRestart()
 * @example windowsRestart({ registryKeys: true, within: '30m' })
 */
export function windowsRestart<const N extends string = never>(
  options: WindowsRestartOptions & StepOptions & Scope<N> = {},
): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'windows-restart',
    ...common,
    options: own,
    title: 'restart Windows',
    validate: (): readonly Issue[] => optionSchema.schemaIssues(schema, own),
    platform: 'windows',
    cacheable: { revision: 1 },
    provision: async (context) => await restartWindows(own, context),
  }
}
