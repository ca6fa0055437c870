import { ImagoError, messageOf, wait } from '@imago/core'

import { ServerFailure } from './http-file.ts'
import { shownUrl } from './source-url.ts'

/** How often a server may give nothing more, one time after the other. */
const maxFailures = 5

/** How to ask again. */
export interface Persistence {
  readonly signal: AbortSignal
  /** Milliseconds before the second time; each further wait is twice as long. @default 250 */
  readonly retryDelayMs?: number
  /** How far it has got, so that an attempt that gets further does not count as a failure. @default never further */
  readonly reached?: () => number
}

/**
 * Asks a server until it has given everything, or nothing more five times one after the other.
 * @throws ImagoError `NETWORK` with what it did last, or what else `attempt` throws
 */
export async function persist<T>(url: string, persistence: Persistence, attempt: () => Promise<T>): Promise<T> {
  const { signal, retryDelayMs = 250, reached = () => 0 } = persistence
  let furthest = reached()
  for (let failures = 0; ;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ServerFailure)) throw error
      const hasGone = reached() > furthest
      furthest = Math.max(furthest, reached())
      failures = hasGone ? 0 : failures + 1
      if (!error.isPassing || failures === maxFailures) throw givenUp(url, error)
      if (!hasGone) await wait(retryDelayMs * 2 ** (failures - 1), signal)
    }
  }
}

function givenUp(url: string, cause: ServerFailure): ImagoError {
  return new ImagoError('NETWORK', `cannot download '${shownUrl(url)}': ${messageOf(cause)}`, {
    cause,
    hint: cause.hint ?? (cause.isPassing ? 'try again; check proxy and firewall' : 'check the URL'),
  })
}
