import type { Emit, ErrorCode } from '@imago/core'
import { formatDuration, ImagoError, isImagoError, messageOf, wait } from '@imago/core'

import { WinrmFault } from './fault.ts'
import { RemoteShell } from './remote-shell.ts'
import type { WinrmClient } from './winrm-client.ts'

/** A port that is not open yet is tried again soon, then less often, in milliseconds. */
const firstPauseMs = 100
const lastPauseMs = 1000
/** A login that is refused is not tried again so soon: some machines lock a user out. */
const refusedPauseMs = 3000
/** How long an attempt may take. The network of a virtual machine may take a connection before the machine does, and never answer. */
const firstAttemptMs = 5000
const lastAttemptMs = 60_000

/** How long to try. */
export interface Patience {
  readonly timeoutMs: number
  /** How many times a refused login is tried. */
  readonly loginAttempts: number
  readonly signal: AbortSignal
  /** The error's code when time runs out. */
  readonly code: Extract<ErrorCode, 'TIMEOUT' | 'MACHINE_LOST'>
  readonly emit: Emit
}

/** A machine that has let us in. */
export interface Entered {
  readonly shell: RemoteShell
  /** What it says of itself; empty when it says nothing. */
  readonly version: string
  /** How much input it takes at once, in bytes. */
  readonly inputBytes: number
}

/**
 * Tries until the machine lets us in and opens a shell. What may pass while a machine starts is tried again.
 * @throws ImagoError `code` with the last cause when time runs out; `AUTHENTICATION_FAILED` after so many refused logins, and for a
 * certificate that is not trusted; the signal's reason.
 */
export async function connectWhenReady(client: WinrmClient, patience: Patience): Promise<Entered> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), patience.timeoutMs)
  const signal = AbortSignal.any([patience.signal, deadline.signal])
  let last: Error | undefined
  let logins = 0
  let pauseMs = firstPauseMs
  try {
    for (let attemptMs = firstAttemptMs; ; attemptMs = Math.min(attemptMs * 1.5, lastAttemptMs)) {
      try {
        return await enter(client, attemptMs, signal)
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        if (messageOf(error) !== last?.message) tell(error, patience.emit)
        last = error
        if (isImagoError(error, 'AUTHENTICATION_FAILED')) logins++
        if (logins >= patience.loginAttempts) throw error
        await wait(isImagoError(error, 'AUTHENTICATION_FAILED') ? refusedPauseMs : pauseMs, signal)
        pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)
      }
    }
  } catch (error) {
    if (!deadline.signal.aborted || patience.signal.aborted) throw error
    const after = formatDuration(patience.timeoutMs)
    throw new ImagoError(
      patience.code,
      `no WinRM connection to ${client.target} after ${after}: ${last === undefined ? 'no answer' : messageOf(last)}`,
      {
        cause: last,
        hint:
          (isImagoError(last) ? last.hint : undefined) ??
          'check host, port and firewall, and that WinRM runs (winrm quickconfig); a machine that takes longer to start needs a longer timeout',
      },
    )
  } finally {
    clearTimeout(timer)
  }
}

async function enter(client: WinrmClient, attemptMs: number, signal: AbortSignal): Promise<Entered> {
  client.drop() // a connection from before a restart leads nowhere
  const version = await client.identify(attemptMs, signal)
  const inputBytes = inputBytesOf(version)
  return { shell: await RemoteShell.create(client, { env: {}, cwd: undefined }, inputBytes, signal), version, inputBytes }
}

/** WinRM 2 takes requests of 150 KB, and WinRM 3 and later 500 KB, unless it is told otherwise; input is base64 in there. */
function inputBytesOf(version: string): number {
  const stack = Number(/Stack: *(\d+)/.exec(version)?.[1] ?? 2)
  const envelopeBytes = stack >= 3 ? 512_000 : 153_600
  return Math.floor((envelopeBytes - 4096) / 4) * 3
}

/** Whether it may go away while a machine starts: everything but a certificate that is not trusted, and what is wrong on our side. */
function isPassing(error: unknown): error is ImagoError {
  if (!isImagoError(error)) return false
  if (error.code === 'AUTHENTICATION_FAILED') return !/certificate/.test(error.message)
  return error.code === 'NETWORK' || error.code === 'UNSUPPORTED' || error instanceof WinrmFault
}

/** Says what a machine that answers has against us. */
function tell(error: ImagoError, emit: Emit): void {
  if (error.code === 'NETWORK') return
  emit({ type: 'message', level: 'info', text: `not yet: ${error.message}` })
}
