import type { RestartOptions } from '@imago/core'
import { formatDuration, ImagoError, isImagoError, milliseconds, timeLimit, wait } from '@imago/core'

const pollMs = 1000

/** Restarts the machine at once, and ends programs that would not end. */
const defaultCommand = 'shutdown /r /f /t 0'

/**
 * Prints when the machine was started: when the process began that lasts as long as Windows runs. The time of the start that Windows
 * says itself moves when its clock is set.
 */
const bootMark = `powershell -NoProfile -NonInteractive -Command "(Get-WmiObject Win32_Process -Filter 'Name=''lsass.exe''').CreationDate"`

/** What a restart needs of a machine. */
export interface Restartable {
  readonly target: string
  /** Runs a command, over a new connection when the last one broke. */
  run(line: string, signal: AbortSignal): Promise<{ readonly exitCode: number; readonly said: string }>
}

/** The contract of `Communicator.restart`. */
export async function restartMachine(machine: Restartable, options: RestartOptions): Promise<void> {
  const { command = defaultCommand, bootId = bootMark, within = '10m' } = options
  const late = timeLimit(milliseconds(within))
  const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late])
  try {
    const before = await markOf(machine, bootId, signal)
    await runRestart(machine, command, signal)
    for (;;) {
      await wait(pollMs, signal)
      const after = await markOf(machine, bootId, signal).catch((error: unknown) => {
        if (signal.aborted) throw error
        return before // it goes down, or is not up yet
      })
      if (after !== before) return
    }
  } catch (error) {
    if (!late.aborted || options.signal?.aborted === true) throw error
    throw new ImagoError('TIMEOUT', `${machine.target} has not restarted within ${formatDuration(milliseconds(within))}`, {
      cause: error,
      hint: 'check that the command restarts it',
    })
  }
}

/** Gives the command that restarts; that it does not live to see its end is no error. */
async function runRestart(machine: Restartable, command: string, signal: AbortSignal): Promise<void> {
  const answer = await machine.run(command, signal).catch((error: unknown) => {
    if (isImagoError(error, 'DISCONNECTED')) return undefined
    throw error
  })
  if (answer === undefined || answer.exitCode === 0 || answer.exitCode === endedByShutdown) return
  throw new ImagoError('COMMAND_FAILED', `the command that restarts ${machine.target} ended with ${answer.exitCode}: ${answer.said}`, {
    exitCode: answer.exitCode,
    hint: 'give a user that may restart the machine, or another command',
  })
}

/** What a process ends with that Windows ends when it shuts down (DBG_TERMINATE_PROCESS). */
const endedByShutdown = 0x40_01_00_04

async function markOf(machine: Restartable, command: string, signal: AbortSignal): Promise<string> {
  const { exitCode, said } = await machine.run(command, signal)
  if (exitCode === 0 && said !== '') return said
  throw new ImagoError('UNSUPPORTED', `${machine.target} does not tell when it was started`, {
    hint: "give a 'bootId' command that prints something else after each start",
  })
}
