import type { WinrmAccess } from '@imago/communicator-winrm'
import { winrmAccessEntries, winrmCommunicator, winrmInputs, winrmIssuesTogether } from '@imago/communicator-winrm'
import type { BuildContext, Duration, Issue, LocalInput } from '@imago/core'
import { optionSchema, prefixIssues, reveal } from '@imago/core'
import * as v from 'valibot'

import type { ReachedMachine } from './use-machine.ts'
import { memberOf } from './vm-checks.ts'

/** How to reach a guest that runs Windows: over WinRM. */
export interface WinrmGuestOptions extends WinrmAccess {
  /** The guest's port. Packer: `winrm_port`. @default 5985, or 5986 with `tls` */
  readonly port?: number
  /** The guest's own address, where this machine reaches it: no port leads to it then. Packer: `winrm_host`. @default a port of this machine leads to it */
  readonly host?: string
}

/** The schemas of {@link WinrmGuestOptions}, to be spread into a `v.strictObject`. */
export const winrmGuestEntries: Readonly<Record<string, v.GenericSchema>> = {
  ...winrmAccessEntries,
  port: v.optional(
    v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be at least 1'),
      v.maxValue(65_535, 'must be at most 65535'),
    ),
  ),
  host: v.optional(optionSchema.text),
}

/** What the option `winrm` of a builder means, by itself and beside the others. Also of options that may be anything. Pure. */
export function winrmGuestIssues(options: object): readonly Issue[] {
  const winrm = memberOf(options, 'winrm')
  if (typeof winrm !== 'object' || winrm === null) return []
  const given = (option: string, member?: string): boolean => memberOf(options, option, member) !== undefined
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [given('ssh'), { path: ['winrm'], message: "cannot stand beside 'ssh': the guest is reached in one way" }],
    [
      memberOf(options, 'communicator') !== undefined,
      { path: ['winrm'], message: "cannot stand beside 'communicator': the guest is reached over WinRM" },
    ],
    [
      memberOf(options, 'clearAuthorizedKey') === true,
      { path: ['clearAuthorizedKey'], message: 'has nothing to remove: no key is made for WinRM' },
    ],
    [
      memberOf(options, 'result', 'format') === 'rootfs' || given('result', 'rootfs'),
      { path: ['result'], message: 'cannot hold the file system: it is taken over SSH' },
    ],
  ]
  return [...prefixIssues(['winrm'], winrmIssuesTogether(winrm)), ...rules.flatMap(([broken, issue]) => (broken ? [issue] : []))]
}

/** The local files that the option `winrm` of a builder names. Also of options that validation reports. */
export function winrmGuestInputs(winrm: WinrmGuestOptions | undefined): readonly LocalInput[] {
  if (typeof winrm !== 'object') return []
  return winrmInputs(winrm).map((input) => ({ ...input, at: ['winrm', ...input.at] }))
}

/** The guest's port. */
export function winrmGuestPort({ port, tls = false }: WinrmGuestOptions): number {
  return port ?? (tls === false ? 5985 : 5986)
}

/** What entering a guest needs to know beside its options. */
export interface WinrmGuestContext {
  readonly ctx: BuildContext
  /** The port of this machine that leads to the guest; `undefined` where the guest's own address is given. */
  readonly port: number | undefined
  /** How long to wait where the options do not say. */
  readonly timeout: Duration
  readonly signal: AbortSignal
}

/** Waits until the guest lets us in. Its steps learn the password, for what they run as the same user. */
export async function enterWindows(
  winrm: WinrmGuestOptions,
  { ctx, signal, timeout, ...given }: WinrmGuestContext,
): Promise<ReachedMachine> {
  const { host = '127.0.0.1', user = 'Administrator', password } = winrm
  const port = given.port ?? winrmGuestPort(winrm)
  const way = await ctx.step('connect', `connect to ${user}@${host}:${port}`, (step) =>
    winrmCommunicator({ timeout, ...winrm, host, port }, { ...ctx, emit: step.emit, signal }),
  )
  return { way, facts: { host, port, user, winrmPassword: reveal(password) } }
}
