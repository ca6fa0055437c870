import type { ErrorCode } from '@imago/core'
import { formatDuration, ImagoError, isImagoError, messageOf, wait } from '@imago/core'

import type { SshConnection } from './connection.ts'
import type { Told } from './first-answer.ts'
import type { Route } from './route.ts'

const firstPauseMs = 1000
const lastPauseMs = 5000

/** How long to try. */
export interface Patience {
  readonly timeoutMs: number
  /** How many times a refused login is tried. */
  readonly loginAttempts: number
  readonly signal: AbortSignal
  /** The error's code when time runs out. */
  readonly code: Extract<ErrorCode, 'TIMEOUT' | 'MACHINE_LOST'>
}

/**
 * Tries until the machine lets us in. What may pass while a machine starts is tried again; what stays as it is ends the attempts at
 * once: a wrong host key, a key that cannot be read, algorithms that do not fit.
 * @throws ImagoError `code` with the last cause when time runs out; `AUTHENTICATION_FAILED` after so many refused logins; the signal's reason.
 */
export async function connectWhenReady(route: Pick<Route, 'connect' | 'isRefusal' | 'target'>, patience: Patience): Promise<SshConnection> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), patience.timeoutMs)
  const signal = AbortSignal.any([patience.signal, deadline.signal])
  let last: Error | undefined
  let logins = 0
  const told: Told = {
    onFailure: (cause) => (last = cause),
    // that a login was refused says more than that another one is under way
    onWait: (cause) => {
      if (!isImagoError(last, 'AUTHENTICATION_FAILED')) last = cause
    },
  }
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
      try {
        return await route.connect(signal, told)
      } catch (error) {
        if (signal.aborted || route.isRefusal(error)) throw error
        if (isImagoError(error, 'AUTHENTICATION_FAILED')) logins++
        else if (!isImagoError(error, 'NETWORK') && !isImagoError(error, 'DISCONNECTED')) throw error
        if (logins >= patience.loginAttempts) throw error
        last = error
      }
      await wait(pauseMs, signal)
    }
  } catch (error) {
    if (!deadline.signal.aborted || patience.signal.aborted) throw error
    const after = formatDuration(patience.timeoutMs)
    throw new ImagoError(
      patience.code,
      `no SSH connection to ${route.target} after ${after}: ${last === undefined ? 'no answer' : messageOf(last)}`,
      {
        cause: last,
        hint: 'check host, port and firewall, and that the SSH server runs; a machine that takes longer to start needs a longer timeout',
      },
    )
  } finally {
    clearTimeout(timer)
  }
}
