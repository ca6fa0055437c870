import type { RestartOptions } from '@imago/core'
import { formatDuration, ImagoError, isImagoError, milliseconds, timeLimit, wait } from '@imago/core'

import type { Link } from './link.ts'

/** How long the machine may take to end the connection before the next one is tried, in milliseconds. */
const endMs = 10_000
const pollMs = 1000

/** Restarts the machine, as whoever may: root, or with sudo. */
const defaultCommand = `PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ]; then set --; else set -- sudo -n; fi
"$@" reboot || "$@" shutdown -r now`

/** Prints something that is another after each start: Linux's boot id, or the time of the start. */
const bootMark = 'cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime'

/** What a restart does with the way into the machine. */
export interface Restartable {
  /** The connection, opened again when it broke. */
  linked(signal: AbortSignal): Promise<Link>
  /** From now on the machine may show another host key. */
  expectNewKey(): void
  dropLink(): Promise<void>
}

/** The contract of `Communicator.restart`. */
export async function restartMachine(machine: Restartable, options: RestartOptions): Promise<void> {
  const { command = defaultCommand, bootId = bootMark, within = '10m' } = options
  const late = timeLimit(milliseconds(within))
  const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late])
  const link = await machine.linked(signal)
  const before = await markOf(link, bootId, signal)
  machine.expectNewKey()
  try {
    await runRestart(link, command, signal)
    await Promise.race([link.connection.closed, wait(endMs, signal)])
    for (;;) {
      await machine.dropLink()
      const after = await machine
        .linked(signal)
        .then((again) => markOf(again, bootId, signal))
        .catch(unlessBroken)
      if (after !== undefined && after !== before) return
      await wait(pollMs, signal)
    }
  } catch (error) {
    if (!late.aborted || options.signal?.aborted === true) throw error
    throw new ImagoError('TIMEOUT', `${link.connection.target} has not restarted within ${formatDuration(milliseconds(within))}`, {
      cause: error,
      hint: 'check that the command restarts it',
    })
  }
}

/** Gives the command that restarts; that it does not live to see its end is no error. */
async function runRestart(link: Link, command: string, signal: AbortSignal): Promise<void> {
  const answer = await link.ask(command, signal).catch(unlessBroken)
  // a signal's number is added to 128: the command was ended together with everything else
  if (answer === undefined || answer.exitCode === 0 || answer.exitCode > 128) return
  const words = answer.stderr.trim().split('\n').at(-1) ?? ''
  throw new ImagoError('COMMAND_FAILED', `the command that restarts ${link.connection.target} ended with ${answer.exitCode}: ${words}`, {
    exitCode: answer.exitCode,
    hint: 'give a user that may restart the machine, or another command',
  })
}

async function markOf(link: Link, command: string, signal: AbortSignal): Promise<string> {
  const answer = await link.ask(command, signal)
  if (answer === undefined) {
    throw new ImagoError('UNSUPPORTED', `${link.connection.target} has no POSIX shell, and cannot be restarted`)
  }
  if (answer.exitCode === 0 && answer.stdout !== '') return answer.stdout
  throw new ImagoError('UNSUPPORTED', `${link.connection.target} does not tell when it was started`, {
    hint: "give a 'bootId' command that prints something else after each start",
  })
}

/** The connection broke, or the machine has not come back yet. */
function unlessBroken(error: unknown): undefined {
  if (isImagoError(error, 'DISCONNECTED') || isImagoError(error, 'MACHINE_LOST')) return undefined
  throw error
}
