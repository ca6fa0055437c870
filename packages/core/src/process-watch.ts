import type { Communicator } from './communicator.ts'
import { isImagoError } from './error.ts'
import { wait } from './wait.ts'

/** Prints how many processes the machine has (proc(5)), the shell that asks among them. */
const countProcesses = 'set -- /proc/[0-9]*; echo $#'

/** How often to look whether processes are gone that were just ending, and the wait between, in milliseconds. */
const looks = 5
const lookAgainMs = 20

/**
 * Remembers how many processes a machine has, to tell later whether a step has left some in the background. A snapshot of files would
 * lose those.
 * @returns tells whether there are no more than now; always, of a machine that runs no shell; never, of one whose processes cannot be told
 */
export async function watchProcesses(machine: Communicator, signal: AbortSignal): Promise<(signal: AbortSignal) => Promise<boolean>> {
  if (machine.platform === 'windows') return () => Promise.resolve(false)
  const before = await processCount(machine, signal)
  if (before === 'no commands') return () => Promise.resolve(true)
  return async (now) => {
    if (before === undefined) return false
    for (let look = 1; look <= looks; look++) {
      const count = await processCount(machine, now)
      if (typeof count === 'number' && count <= before) return true
      await wait(lookAgainMs, now)
    }
    return false
  }
}

async function processCount(machine: Communicator, signal: AbortSignal): Promise<number | 'no commands' | undefined> {
  const printed: Uint8Array[] = []
  try {
    const { exitCode } = await machine.exec(countProcesses, {
      signal,
      onOutput: (stream, chunk) => void (stream === 'stdout' && printed.push(Uint8Array.from(chunk))),
    })
    const count = Number(Buffer.concat(printed).toString('latin1'))
    return exitCode === 0 && count > 0 ? count : undefined
  } catch (error) {
    if (signal.aborted || isImagoError(error, 'MACHINE_LOST') || isImagoError(error, 'DISCONNECTED')) throw error
    return isImagoError(error, 'UNSUPPORTED') ? 'no commands' : undefined
  }
}
