import type { Communicator, StepContext } from '@imago/core'
import { abortError, formatDuration, ImagoError, isImagoError, messageOf, timeLimit, wait } from '@imago/core'

/** What a hypervisor can do to a machine that is to go off. */
export interface PowerSwitch {
  /** Resolves when the machine is off; rejects as the signal says. */
  waitUntilOff(signal: AbortSignal): Promise<void>
  /** Presses the power button (ACPI), as a person would. @default the machine has none */
  pressButton?(signal: AbortSignal): Promise<void>
  /** Turns the machine off, whatever it is doing. Resolves when it is off. */
  pullPlug(signal: AbortSignal): Promise<void>
}

/** How to shut a machine down. */
export interface ShutDownOptions extends Pick<StepContext, 'signal' | 'emit' | 'output'> {
  readonly power: PowerSwitch
  /** Where the command runs. Needed with a command. */
  readonly machine?: Communicator
  /** Shell command that shuts it down. @default the power button is pressed */
  readonly command?: string
  /** Milliseconds until the plug is pulled. */
  readonly timeoutMs: number
  /** Milliseconds in which a machine whose command failed may go off all the same. @default 3000 */
  readonly graceMs?: number
}

/** What made a machine go off. */
export type ShutDownOutcome = 'command' | 'button' | 'plug'

/**
 * Shuts a machine down and waits until it is off. When it does not go off in time, or has neither a command nor a power button, the plug
 * is pulled, and a warning says so: what the guest had not written to its disk is lost then.
 * @throws ImagoError `COMMAND_FAILED` when the command fails and there is no power button either, what the power switch throws, or as the
 * signal says
 */
export async function shutDown(options: ShutDownOptions): Promise<ShutDownOutcome> {
  const { power, signal, timeoutMs, command } = options
  if (command === undefined && power.pressButton === undefined) {
    return await pullPlug(options, 'there is no shutdown command, and the machine has no power button')
  }
  const ended = new AbortController()
  const within = AbortSignal.any([signal, ended.signal, timeLimit(timeoutMs)])
  const off = power.waitUntilOff(within)
  off.catch(() => undefined) // asked for below, if nothing else fails before
  try {
    const outcome = await ask(options, off, within)
    await off
    return outcome
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    if (!within.aborted) throw error
  } finally {
    ended.abort()
  }
  return await pullPlug(options, `the machine was not off ${formatDuration(timeoutMs)} after it was asked to`)
}

async function pullPlug({ power, signal, emit }: ShutDownOptions, why: string): Promise<'plug'> {
  emit({ type: 'message', level: 'warning', text: `${why}: pulled the plug; what the guest had not written to its disk is lost` })
  await power.pullPlug(signal)
  return 'plug'
}

/** Asks the machine to go off. */
async function ask(options: ShutDownOptions, off: Promise<void>, signal: AbortSignal): Promise<'command' | 'button'> {
  const { power, command, machine, emit, graceMs = 3000 } = options
  if (command !== undefined) {
    if (machine === undefined) throw new ImagoError('UNSUPPORTED', 'a shutdown command needs a communicator')
    const failure = await runCommand(machine, command, { ...options, signal, off })
    if (failure === undefined) return 'command'
    const isOff = await Promise.race([off.then(() => true), wait(graceMs, signal).then(() => false)])
    if (isOff) return 'command'
    if (power.pressButton === undefined) throw failure
    emit({ type: 'message', level: 'warning', text: `${failure.message}; pressed the power button` })
  }
  await power.pressButton?.(signal)
  return 'button'
}

interface Running extends Pick<ShutDownOptions, 'signal' | 'output'> {
  readonly off: Promise<void>
}

/** Says how the command failed, if it did. A connection that breaks is what the command is for. */
async function runCommand(machine: Communicator, command: string, { signal, output, off }: Running): Promise<ImagoError | undefined> {
  try {
    const result = await Promise.race([machine.exec(command, { signal, onOutput: output }), off])
    const exitCode = result?.exitCode ?? 0
    if (exitCode === 0 || exitCode > 128) return undefined // more than 128: it was killed as everything else
    return new ImagoError('COMMAND_FAILED', `the shutdown command ended with exit code ${exitCode}`, { exitCode })
  } catch (error) {
    if (signal.aborted || isImagoError(error, 'DISCONNECTED') || isImagoError(error, 'MACHINE_LOST')) return undefined
    return new ImagoError('COMMAND_FAILED', `the shutdown command failed: ${messageOf(error)}`, { cause: error })
  }
}
