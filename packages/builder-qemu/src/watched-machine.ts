import type { Communicator } from '@imago/core'
import { abortError, isImagoError } from '@imago/core'

/** How long it may take after a connection broke until it is known that the machine itself is gone, in milliseconds. */
const noticeMs = 1500

/**
 * The way into a machine that may go away: what runs then fails at once, and with the reason why the machine is gone, not with the
 * connection that broke as a consequence.
 * @param lost aborted, with an ImagoError, when the machine is gone
 */
export function watchedMachine(machine: Communicator, lost: AbortSignal): Communicator {
  const watch = async <T>(work: (signal: AbortSignal) => Promise<T>, given: AbortSignal | undefined): Promise<T> => {
    if (lost.aborted) throw abortError(lost)
    const listening = new AbortController()
    const gone = new Promise<never>((_, reject) => {
      lost.addEventListener('abort', () => reject(abortError(lost)), { signal: listening.signal })
    })
    try {
      return await Promise.race([work(given === undefined ? lost : AbortSignal.any([given, lost])), gone])
    } catch (error) {
      if (given?.aborted !== true && isImagoError(error, 'DISCONNECTED')) await orSoon(gone)
      throw error
    } finally {
      gone.catch(() => undefined)
      listening.abort()
    }
  }
  return {
    exec: (command, options) => watch((signal) => machine.exec(command, { ...options, signal }), options?.signal),
    upload: (source, destination, options) =>
      watch((signal) => machine.upload(source, destination, { ...options, signal }), options?.signal),
    download: (source, destination, options) =>
      watch((signal) => machine.download(source, destination, { ...options, signal }), options?.signal),
    stat: (path, options) => watch((signal) => machine.stat(path, { signal }), options?.signal),
    ...(machine.restart !== undefined && {
      restart: (options) => watch(async (signal) => await machine.restart?.({ ...options, signal }), options?.signal),
    }),
    [Symbol.asyncDispose]: async () => await machine[Symbol.asyncDispose](),
  }
}

/** Rejects with `gone` when it rejects soon; else resolves. */
async function orSoon(gone: Promise<never>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const soon = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, noticeMs)
  })
  await Promise.race([gone, soon]).finally(() => clearTimeout(timer))
}
