import { formatDuration, ImagoError, wait } from '@imago/core'

import { isNotFound, isPassing } from './aws-error.ts'

/** How often to look. */
export interface Pace {
  /** Milliseconds until the second look. */
  readonly firstMs: number
  /** Each pause is longer by half, up to so many milliseconds; in the first half minute, up to a second. */
  readonly lastMs: number
}

/** What takes no longer is to be seen soon after it is done. */
const soonMs = 30_000

/** The pause after one of so many milliseconds, at a time so many milliseconds after the beginning. */
function nextPause(pauseMs: number, elapsedMs: number, { lastMs }: Pace): number {
  return Math.min(pauseMs * 1.5, elapsedMs < soonMs ? Math.min(1000, lastMs) : lastMs)
}

/** What to wait for, and how long. */
export interface PollOptions<T> {
  /** What is waited for, for messages: `'instance i-1 to run'`. */
  readonly what: string
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly pace: Pace
  /** How long it may be unknown to AWS, which tells its servers of new things one after the other. In milliseconds. @default 60_000 */
  readonly graceMs?: number
  /** Looks once. `undefined` when there is no such thing. */
  readonly look: (signal: AbortSignal) => Promise<T | undefined>
  readonly isDone: (value: T) => boolean
  /** Why what is seen can never be what is waited for. */
  readonly failure?: (value: T) => ImagoError | undefined | Promise<ImagoError | undefined>
  /** Hears what is seen, each time. */
  readonly onLook?: (value: T) => void
  /** In what state it is, for the message of a time-out. */
  readonly describe?: (value: T) => string
}

/**
 * Looks until what is seen is what is waited for. The signal ends the request and the pause alike. What can never become right fails at
 * once; throttling, errors of the service and of the network do not count, until time is up.
 * @throws ImagoError `TIMEOUT`; what `failure` and `look` say; the signal's reason
 */
export async function poll<T>(options: PollOptions<T>): Promise<T> {
  const { what, signal, timeoutMs, pace, graceMs = 60_000 } = options
  const began = performance.now()
  let knownAt = began
  let last: T | undefined
  let cause: unknown
  for (let pauseMs = pace.firstMs; ; pauseMs = nextPause(pauseMs, performance.now() - began, pace)) {
    try {
      const value = await lookOnce(options)
      cause = undefined
      if (value !== undefined) {
        knownAt = performance.now()
        last = value
        options.onLook?.(value)
        if (options.isDone(value)) return value
        const failure = await options.failure?.(value)
        if (failure !== undefined) throw failure
      } else if (performance.now() - knownAt > graceMs) {
        throw new ImagoError('PROVIDER_FAILED', `waited for ${what}: there is no such thing any more`)
      }
    } catch (error) {
      if (!isPassing(error)) throw error
      cause = error
    }
    if (performance.now() - began + pauseMs > timeoutMs) throw tooLate(options, last, cause)
    await wait(pauseMs, signal)
  }
}

async function lookOnce<T>({ look, signal }: PollOptions<T>): Promise<T | undefined> {
  try {
    return await look(signal)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function tooLate<T>({ what, timeoutMs, describe }: PollOptions<T>, last: T | undefined, cause: unknown): ImagoError {
  const state = last === undefined || describe === undefined ? '' : `: it is ${describe(last)}`
  return new ImagoError('TIMEOUT', `waited ${formatDuration(timeoutMs)} for ${what}${state}`, {
    ...(cause !== undefined && { cause }),
    hint: 'give it longer with polling.timeout or polling.imageTimeout',
  })
}

/**
 * Calls again as long as AWS does not know yet what it was told a moment ago: a group, a key, a profile.
 * @param isEarly which errors say so
 */
export async function untilKnown<T>(
  call: () => Promise<T>,
  {
    isEarly,
    signal,
    pace,
    graceMs = 60_000,
  }: { readonly isEarly: (error: unknown) => boolean; readonly signal: AbortSignal; readonly pace: Pace; readonly graceMs?: number },
): Promise<T> {
  const began = performance.now()
  for (let pauseMs = pace.firstMs; ; pauseMs = nextPause(pauseMs, performance.now() - began, pace)) {
    try {
      return await call()
    } catch (error) {
      if (!isEarly(error) || performance.now() - began + pauseMs > graceMs) throw error
    }
    await wait(pauseMs, signal)
  }
}
