import { resolve } from 'node:path'

import type { BuildContext, Communicator, Facts, SaveSnapshot } from '@imago/core'
import { ImagoError, isImagoError, milliseconds, noMachine, reveal } from '@imago/core'

import { keepEvidence, keepSerialLog } from './keep-evidence.ts'
import type { Evidence } from './keep-evidence.ts'
import type { Seeds } from './prepare-seeds.ts'
import type { SerialConsole } from './serial-console.ts'
import { shutDown } from './shut-down.ts'
import { takeRootfs } from './take-rootfs.ts'
import type { RootfsArchive, RootfsOptions } from './take-rootfs.ts'
import { typeBootCommand } from './type-boot-command.ts'
import type { VirtualMachine } from './virtual-machine.ts'
import type { VmOptions } from './vm-options.ts'
import { watchedMachine } from './watched-machine.ts'

/** The way into the machine, and what steps are told of it. */
export interface ReachedMachine {
  readonly way: Communicator
  readonly facts: Partial<Facts>
}

/** What a machine that runs is used with. */
export interface MachineUse {
  readonly machine: VirtualMachine
  /** Takes what the guest says on its serial port. */
  readonly serial: SerialConsole
  readonly options: Pick<VmOptions, 'boot' | 'shutdown'>
  readonly ctx: BuildContext
  readonly seeds: Pick<Seeds, 'facts' | 'summary'>
  /** Waits until the machine lets us in; the signal is aborted when it is gone. @default nobody enters it, and it goes off by itself */
  readonly connect?: (signal: AbortSignal) => Promise<ReachedMachine>
  /** Makes snapshots of the machine between two steps. @default there are none */
  readonly snapshots?: (machine: Communicator) => Promise<SaveSnapshot>
  /** What is still to be done in the machine when the provisioners are done. @default nothing */
  readonly leave?: (machine: Communicator) => Promise<unknown>
  /** Take its file system before it shuts down. @default it is not taken */
  readonly rootfs?: RootfsOptions
  readonly facts: Partial<Facts>
  readonly evidence: Evidence
  /** Where what the guest says on its serial port goes, also of a build that succeeds; relative to the definition. @default nowhere */
  readonly serialLog?: string
  /** Whether the build's login is a key pair that was made for it. */
  readonly hasOwnKeys: boolean
}

/**
 * Types the boot command, provisions a machine that runs, and shuts it down. When that fails, what shows why is kept.
 * @returns the archive of its file system, when it is asked for
 */
export async function useMachine(use: MachineUse): Promise<RootfsArchive | undefined> {
  const { machine, ctx, seeds, leave, evidence, serialLog } = use
  let isReached = false
  try {
    if (use.connect === undefined) machine.expectEnd() // when it is done, which only the guest knows
    await boot(use)
    const { way, facts } = await reach(use)
    await using communicator = way
    isReached = true
    const save = await use.snapshots?.(communicator)
    await ctx.provision(communicator, { ...seeds.facts, ...facts, machineId: machine.name, ...use.facts }, save)
    await leave?.(communicator)
    const rootfs = await archive(communicator, use)
    await turnOff(communicator, use)
    if (serialLog !== undefined) await keepSerialLog(evidence.serial, resolve(ctx.directory, serialLog))
    return rootfs
  } catch (error) {
    if (ctx.signal.aborted) throw error
    const kept = await keepEvidence(machine, evidence, ctx)
    throw withHints(error, [...(isReached ? [] : whyUnreached(error, use)), ...placesOf(kept)])
  } finally {
    machine.close()
  }
}

async function boot({ machine, serial, options, ctx, seeds: { facts } }: MachineUse): Promise<void> {
  const { boot: command } = options
  if (command?.command === undefined && command?.wait === undefined) return
  const { directory } = ctx
  const signal = AbortSignal.any([ctx.signal, machine.lost])
  await ctx.step('boot', command.command === undefined ? 'let the machine start' : 'type the boot command', () =>
    typeBootCommand(command, { keyboard: machine, screen: machine, serial, directory, facts, signal }),
  )
}

async function reach({ connect, machine, ctx }: MachineUse): Promise<ReachedMachine> {
  if (connect === undefined) return { way: noMachine, facts: {} }
  const { way, facts } = await connect(AbortSignal.any([ctx.signal, machine.lost]))
  return { way: watchedMachine(way, machine), facts }
}

async function archive(communicator: Communicator, { rootfs, ctx }: MachineUse): Promise<RootfsArchive | undefined> {
  if (rootfs === undefined) return undefined
  return await ctx.step('rootfs', `write ${rootfs.path}`, (step) => takeRootfs(communicator, rootfs, { ctx, step }))
}

/** A machine that nobody can ask is waited for: it goes off by itself. */
async function turnOff(communicator: Communicator, { machine, connect, options, ctx }: MachineUse): Promise<void> {
  const { command, timeout = '5m' } = options.shutdown ?? {}
  if (command !== undefined && typeof command !== 'string') ctx.maskSecret(reveal(command))
  const power = {
    waitUntilOff: (signal: AbortSignal) => machine.waitUntilOff(signal),
    pullPlug: (signal: AbortSignal) => machine.pullPlug(signal),
    pressButton: async (signal: AbortSignal) => (connect === undefined ? undefined : await machine.pressButton?.(signal)),
  }
  await ctx.step('shutdown', 'shut the machine down', async ({ signal, emit, output }) => {
    await shutDown({
      power,
      machine: communicator,
      timeoutMs: milliseconds(timeout),
      signal,
      emit,
      output,
      ...(command !== undefined && { command: reveal(command) }),
    })
  })
}

/** What may have kept the build from a machine that was never reached. */
function whyUnreached(error: unknown, { seeds, hasOwnKeys }: MachineUse): readonly string[] {
  const ownKeys = "no login was given, so a key pair was made: give the guest facts.sshPublicKey, or the build 'ssh.key' or 'ssh.password'"
  const summary = seeds.summary()
  return [...(hasOwnKeys && isImagoError(error, 'AUTHENTICATION_FAILED') ? [ownKeys] : []), ...(summary === undefined ? [] : [summary])]
}

function placesOf(kept: readonly string[]): readonly string[] {
  return kept.length === 0 ? [] : [`look at ${kept.join(' and ')}`]
}

/** The same error, with more of what to do: it is in the report, where a picture would else be in no other place. */
function withHints(error: unknown, more: readonly string[]): unknown {
  if (!isImagoError(error) || more.length === 0) return error
  const { code, message, cause, exitCode, issues, hint } = error
  return new ImagoError(code, message, {
    cause,
    hint: [...(hint === undefined ? [] : [hint]), ...more].join('; '),
    ...(exitCode !== undefined && { exitCode }),
    ...(issues !== undefined && { issues }),
  })
}
