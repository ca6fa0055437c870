import type { Duration, Issue, ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { ImagoError, optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

/** What {@link reboot} takes. */
export interface RebootOptions {
  /** POSIX shell command that restarts the machine. @default `reboot`, with `sudo` where the user is not root */
  readonly command?: string
  /** POSIX shell command that prints something else after each start. @default prints the kernel's boot id */
  readonly bootId?: string
  /** How long it may take until the machine takes commands again. @default '10m' */
  readonly within?: Duration
}

const rebootSchema = v.strictObject({
  command: v.optional(optionSchema.text),
  bootId: v.optional(optionSchema.text),
  within: v.optional(optionSchema.duration),
})

/**
 * Restarts the machine, and goes on when it takes commands again: it is asked before and after which start it is. The machine may come
 * back with another host key.
 *
 * Fails with `UNSUPPORTED` for a machine that cannot restart (a container), `COMMAND_FAILED` when the command fails, `TIMEOUT`.
 * @example reboot({ only: ['server'] })
 * @example reboot({ command: 'systemctl kexec', within: '2m' })
 */
export function reboot<const N extends string = never>(options: RebootOptions & StepOptions & Scope<N> = {}): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'reboot',
    ...common,
    options: own,
    title: 'restart the machine',
    validate: (): readonly Issue[] => optionSchema.schemaIssues(rebootSchema, own),
    cacheable: { revision: 1 },
    provision: async (ctx) => await restart(own, ctx),
  }
}

async function restart(options: RebootOptions, { machine, signal, build }: ProvisionContext): Promise<void> {
  if (machine.restart === undefined) {
    throw new ImagoError('UNSUPPORTED', `the machine of '${build}' cannot restart`, { hint: "leave the step out there, with 'except'" })
  }
  await machine.restart({ ...options, signal })
}
