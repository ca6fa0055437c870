import { abortError } from '@imago/core'

/** The outcome of some work, or the signal's reason when that is aborted before: the work itself goes on. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw abortError(signal)
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(abortError(signal)), { signal: over.signal })
  })
  return await Promise.race([work, aborted]).finally(() => over.abort())
}
