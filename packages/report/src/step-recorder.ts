import type { Duration, Progress, StepCached, StepFinished, StepRef } from '@imago/core'
import { parseDuration } from '@imago/core'

import { BoundedLog } from './bounded-log.ts'
import type { AttemptRecord, Ending, Span, StepRecord } from './run-record.ts'
import type { RecordedStatus } from './statuses.ts'
import { TransferLog } from './transfer-log.ts'

/** What the recorder of a step has to know when it makes the record. */
export interface StepSurroundings {
  /** How the build ended. */
  readonly build: Ending
  /** When the record ends, for what has not ended by then. */
  readonly at: number
  /** The step's, in the plan. */
  readonly pauseBefore: Duration | undefined
}

/** Follows one step of a build. */
export class StepRecorder {
  readonly step: StepRef
  readonly log: BoundedLog
  readonly #transfers = new TransferLog()
  readonly #ended: AttemptRecord[] = []
  #running: number | undefined
  #ignored = false
  #isCached = false
  #willRetry = false

  constructor(step: StepRef, logLimit: number) {
    this.step = step
    this.log = new BoundedLog(logLimit)
  }

  start(at: number): void {
    if (this.#ended.length > 0) this.log.add('recorder', `attempt ${this.#ended.length + 1}\n`)
    this.#running = at
    this.#willRetry = false
  }

  /** It did not run: a snapshot stands for it. */
  cached({ ranAt }: StepCached, at: number): void {
    this.log.add('recorder', `not run: the machine started from a snapshot that was made after it, on ${ranAt}\n`)
    this.#ended.push({ status: 'succeeded', from: at, to: at })
    this.#isCached = true
  }

  finish({ status, durationMs, error, ignored, retryInMs }: StepFinished, at: number): void {
    const from = this.#running ?? Math.max(0, at - durationMs)
    this.#ended.push({ status, from, to: from + durationMs, ...(error && { error }) })
    this.#running = undefined
    this.#ignored = ignored === true
    this.#willRetry = retryInMs !== undefined
  }

  progress(event: Progress, at: number): void {
    this.#transfers.add(event, at)
  }

  record({ build, at, pauseBefore }: StepSurroundings): StepRecord {
    const running: AttemptRecord[] = this.#running === undefined ? [] : [{ status: 'unfinished', from: this.#running, to: at }]
    const attempts = [...this.#ended, ...running]
    const error = attempts.at(-1)?.error
    return {
      step: this.step,
      status: this.#status(attempts, build),
      attempts,
      waits: waitsOf(attempts, pauseBefore),
      ...(error && { error }),
      log: this.log.log(),
      transfers: this.#transfers.transfers(),
    }
  }

  #status(attempts: readonly AttemptRecord[], build: Ending): RecordedStatus {
    if (this.#ignored) return 'ignored'
    if (this.#isCached) return 'cached'
    if (this.#willRetry && build !== 'failed') return build === 'cancelled' ? 'cancelled' : 'unfinished' // in the wait for the next attempt
    return attempts.at(-1)?.status ?? 'unfinished'
  }
}

function waitsOf(attempts: readonly AttemptRecord[], pauseBefore: Duration | undefined): Span[] {
  const [first, ...later] = attempts
  if (first === undefined) return []
  const pause = pauseBefore === undefined ? 0 : (parseDuration(pauseBefore) ?? 0)
  const between = later.map(({ from }, index) => ({ from: attempts[index]?.to ?? from, to: from }))
  return [{ from: Math.max(0, first.from - pause), to: first.from }, ...between].filter(({ from, to }) => to > from)
}
