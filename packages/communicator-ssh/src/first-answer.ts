import { once } from 'node:events'
import type { Duplex } from 'node:stream'

import { ImagoError, isImagoError, messageOf, systemCode, timeLimit, toImagoError, wait } from '@imago/core'

import type { EagerLimit } from './eager-limit.ts'
import { often } from './eager-limit.ts'

/** Milliseconds for which one connection may say nothing. */
const patientMs = 30_000
const firstPauseMs = 100
const lastPauseMs = 1000

/** Opens a stream to the server. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>

/** What became of an attempt: a stream on which the server has said something, or an error. */
type Outcome = { readonly stream: Duplex } | { readonly error: ImagoError }

/** Hears why there is no answer yet. */
export interface Told {
  /** What went wrong; it is tried again. */
  readonly onFailure: (cause: ImagoError) => void
  /** What keeps the attempt waiting that goes on. */
  readonly onWait: (cause: ImagoError) => void
}

interface Attempt {
  readonly outcome: Promise<Outcome>
  /** What keeps it waiting. */
  waitsFor(): ImagoError
  cancel(): void
}

/**
 * Dials until a server says something, as SSH servers do at once. A port that refuses is tried again after 100 ms and then less often,
 * down to once a second.
 *
 * A connection may be accepted long before there is anybody to answer: the network of a virtual machine does so, and what it is asked
 * to hand on gets lost while the machine starts; it is sent again after seconds only. One such connection is kept for half a minute, for
 * servers that are slow; beside it a new one is tried every half second, and less often when it takes long, as `eagerLimit` says. There are never more than
 * two, and one that fails is closed before the next: SSH servers begin to drop connections when many of them have not logged in
 * (`MaxStartups`, 10 in OpenSSH), and hosts whose connections often end without a login (`PerSourcePenalties`).
 * @throws the signal's reason; an error of `dial` that is not `NETWORK`.
 */
export async function firstAnswer(
  dial: Dial,
  signal: AbortSignal,
  { onFailure, onWait }: Told,
  eagerLimit: EagerLimit = often,
): Promise<Duplex> {
  const started = performance.now()
  let patient: Attempt | undefined
  let eager: Attempt | undefined
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
      eager = attempt(dial, signal)
      const first = await soonest([eager, patient], eagerLimit(performance.now() - started), signal)
      if (first === undefined) {
        onWait(eager.waitsFor())
        if (patient === undefined) patient = eager
        else eager.cancel()
        eager = undefined
        continue
      }
      if ('stream' in first.outcome) {
        if (first.attempt === patient) patient = undefined
        else eager = undefined
        return first.outcome.stream
      }
      if (first.outcome.error.code !== 'NETWORK') throw first.outcome.error
      onFailure(first.outcome.error)
      if (first.attempt === patient) patient = undefined
      eager.cancel()
      await wait(pauseMs, signal)
    }
  } finally {
    eager?.cancel()
    patient?.cancel()
  }
}

/** The first attempt that has an outcome, or `undefined` when none has in time. */
async function soonest(
  attempts: readonly (Attempt | undefined)[],
  limitMs: number,
  signal: AbortSignal,
): Promise<{ readonly attempt: Attempt; readonly outcome: Outcome } | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([
      ...attempts.filter((attempt) => attempt !== undefined).map((attempt) => attempt.outcome.then((outcome) => ({ attempt, outcome }))),
      wait(limitMs, AbortSignal.any([signal, over.signal])).then(() => undefined),
    ])
  } finally {
    over.abort()
  }
}

function attempt(dial: Dial, signal: AbortSignal): Attempt {
  const cancelled = new AbortController()
  const tooLong = timeLimit(patientMs)
  const limit = AbortSignal.any([signal, cancelled.signal, tooLong])
  let isOpen = false
  const waitsFor = (): ImagoError =>
    new ImagoError(
      'NETWORK',
      isOpen ? 'the connection is accepted, and no SSH banner is received' : 'no answer to the request for a connection',
    )
  const run = async (): Promise<Outcome> => {
    try {
      const stream = await dial(limit)
      isOpen = true
      await answered(stream, limit)
      return { stream }
    } catch (error) {
      return { error: tooLong.aborted ? waitsFor() : brokenOff(error, limit) }
    }
  }
  return { outcome: run(), waitsFor, cancel: () => cancelled.abort() }
}

/** Resolves when the first bytes have come, and leaves them in the stream. */
async function answered(stream: Duplex, signal: AbortSignal): Promise<void> {
  try {
    while (stream.readableLength === 0) {
      if (stream.readableEnded || stream.destroyed) throw new ImagoError('NETWORK', 'the connection is closed before an SSH banner comes')
      await oneOf(['readable', 'end', 'close'], stream, signal)
    }
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** Resolves when one of the events comes; nothing listens any more then. */
async function oneOf(events: readonly string[], stream: Duplex, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const limit = AbortSignal.any([signal, over.signal])
  try {
    await Promise.race(events.map((event) => once(stream, event, { signal: limit })))
  } finally {
    over.abort()
  }
}

/** What the network does to a connection is no error of ours: a machine that starts may reset what its port has accepted. */
function brokenOff(error: unknown, signal: AbortSignal): ImagoError {
  if (isImagoError(error) || signal.aborted || systemCode(error) === undefined) return toImagoError(error)
  return new ImagoError('NETWORK', `the connection breaks before an SSH banner comes: ${messageOf(error)}`, { cause: error })
}
