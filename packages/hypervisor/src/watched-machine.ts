import type { Communicator } from '@imago/core'
import { abortError, isImagoError } from '@imago/core'

/** How long a guest that goes off may take from the end of its SSH server to its own end, in milliseconds. */
const goingOffMs = 15_000

/** How long a machine may take to close a connection, in milliseconds. */
const farewellMs = 2000

/** What may happen to a machine. */
export interface Fate {
  /** Aborted, with an ImagoError, when the machine is gone. */
  readonly lost: AbortSignal
  /** Calls `listener` when the machine restarts. @returns ends that */
  readonly onRestart: (listener: () => void) => () => void
}

/**
 * The way into a machine that may go away: what runs then fails, and with the reason why the machine is gone, not with the connection that
 * broke as a consequence.
 */
export function watchedMachine(machine: Communicator, fate: Fate): Communicator {
  const { lost } = fate
  const watch = async <T>(work: (signal: AbortSignal) => Promise<T>, given: AbortSignal | undefined): Promise<T> => {
    if (lost.aborted) throw abortError(lost)
    const listening = new AbortController()
    const gone = new Promise<never>((_, reject) => {
      lost.addEventListener('abort', () => reject(abortError(lost)), { signal: listening.signal })
    })
    gone.catch(() => undefined) // asked for where it matters
    try {
      return await Promise.race([work(given === undefined ? lost : AbortSignal.any([given, lost])), gone])
    } catch (error) {
      if (given?.aborted !== true && isImagoError(error, 'DISCONNECTED')) await Promise.race([gone, goesOn(fate, given)])
      throw error
    } finally {
      listening.abort()
    }
  }
  return {
    get connection() {
      return machine.connection
    },
    exec: (command, options) => watch((signal) => machine.exec(command, { ...options, signal }), options?.signal),
    upload: (source, destination, options) =>
      watch((signal) => machine.upload(source, destination, { ...options, signal }), options?.signal),
    download: (source, destination, options) =>
      watch((signal) => machine.download(source, destination, { ...options, signal }), options?.signal),
    stat: (path, options) => watch((signal) => machine.stat(path, { signal }), options?.signal),
    ...(machine.restart !== undefined && {
      restart: (options) => watch(async (signal) => await machine.restart?.({ ...options, signal }), options?.signal),
    }),
    ...(machine.platform !== undefined && { platform: machine.platform }),
    ...(machine.expectDisconnect !== undefined && { expectDisconnect: () => machine.expectDisconnect?.() }),
    [Symbol.asyncDispose]: () => closeSoon(machine),
  }
}

/** Closes the way into a machine, and does not wait long for one that hangs: what is left of the connection ends with the machine. */
async function closeSoon(machine: Communicator): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const soon = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, farewellMs)
  })
  await Promise.race([machine[Symbol.asyncDispose](), soon]).finally(() => clearTimeout(timer))
}

/** Resolves when a machine whose connection broke turns out to go on: it restarts, or is still there after a while; or when nobody waits any more. */
function goesOn({ lost, onRestart }: Fate, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer)
      stop()
      for (const each of [lost, signal]) each?.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, goingOffMs)
    const stop = onRestart(settle)
    for (const each of [lost, signal]) each?.addEventListener('abort', settle, { once: true })
  })
}
