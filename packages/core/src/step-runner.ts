import { setMaxListeners } from 'node:events'

import type { Retry, StepOptions } from './component.ts'
import type { StepContext } from './context.ts'
import { formatDuration, milliseconds } from './duration.ts'
import type { ErrorJson } from './error.ts'
import { abortError, errorToJson, ImagoError, isImagoError } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { Status, StepFinished, StepRef } from './event.ts'
import type { StepReport } from './report.ts'
import { orAbandon, wait } from './wait.ts'

/** How long a step that does not listen to its signal is waited for. */
const graceMs = 10_000

/** Where steps run. */
export interface StepPlace {
  readonly image: string
  readonly build: string
  readonly events: EventBus
  readonly signal: AbortSignal
  /** Takes the report of each step. */
  report(step: StepReport): void
}

type StepWork<T> = (context: StepContext) => Promise<T>
interface Attempt<T> {
  readonly number: number
  readonly started: number
  readonly outcome: { readonly value: T } | { readonly error: unknown }
}

/**
 * Runs a step with its pause, its time-out for each attempt, and its retries with backoff, and reports it as started and finished.
 * @throws the last attempt's error, unless the step may fail (`continueOnError`): then the answer is `undefined`.
 */
export async function runStep<T>(place: StepPlace, step: StepRef, options: StepOptions, work: StepWork<T>): Promise<T | undefined> {
  const began = performance.now()
  const retry = retryOptions(options.retry)
  if (place.signal.aborted) throw abortError(place.signal)
  if (options.pauseBefore !== undefined) await wait(milliseconds(options.pauseBefore), place.signal)
  for (let number = 1; ; number++) {
    const attempt = await runAttempt(place, step, options, work, number)
    const done = (status: Status, extra: { error?: ErrorJson; ignored?: true } = {}): void => {
      place.report({ step, status, attempts: number, durationMs: since(began), ...extra })
      finish(place, step, attempt, status, extra)
    }
    if ('value' in attempt.outcome) {
      done('succeeded')
      return attempt.outcome.value
    }
    const { error } = attempt.outcome
    const json = errorToJson(error)
    if (place.signal.aborted) {
      done('cancelled', { error: json })
      throw error
    }
    if (number <= retry.retries) {
      const retryInMs = Math.min(retry.delayMs * retry.factor ** (number - 1), retry.maxDelayMs)
      finish(place, step, attempt, 'failed', { error: json, retryInMs })
      await wait(retryInMs, place.signal).catch((cancelled: unknown) => {
        place.report({ step, status: 'cancelled', attempts: number, durationMs: since(began), error: json })
        throw cancelled
      })
      continue
    }
    const ignored = options.continueOnError === true
    done('failed', { error: json, ...(ignored && { ignored }) })
    if (ignored) return undefined
    throw error
  }
}

async function runAttempt<T>(
  place: StepPlace,
  step: StepRef,
  options: StepOptions,
  work: StepWork<T>,
  number: number,
): Promise<Attempt<T>> {
  const { image, build, events } = place
  const at = { image, build, step: step.id }
  const output = events.outputFor(at)
  const deadline = new AbortController()
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => deadline.abort(timeoutError(step, options.timeout ?? 0)), milliseconds(options.timeout))
  const signal = AbortSignal.any([place.signal, deadline.signal])
  setMaxListeners(0, signal) // a step may have any number of transfers and commands under way
  const started = performance.now()
  events.say({ type: 'step-started', image, build, step, attempt: number })
  try {
    const value = await orAbandon(work({ signal, emit: events.emitFor(at), output: output.write }), signal, graceMs)
    return { number, started, outcome: { value } }
  } catch (error) {
    // whatever broke when the signal fell, the reason is the signal's; a step that failed by itself at that moment keeps its own
    return { number, started, outcome: { error: signal.aborted && !isImagoError(error, 'COMMAND_FAILED') ? abortError(signal) : error } }
  } finally {
    clearTimeout(timer)
    output.flush()
  }
}

function finish<T>(
  place: StepPlace,
  step: StepRef,
  attempt: Attempt<T>,
  status: Status,
  extra: Pick<StepFinished, 'error' | 'ignored' | 'retryInMs'>,
): void {
  const { image, build, events } = place
  events.say({ type: 'step-finished', image, build, step, attempt: attempt.number, status, durationMs: since(attempt.started), ...extra })
}

function timeoutError(step: StepRef, timeout: NonNullable<StepOptions['timeout']>): ImagoError {
  return new ImagoError('TIMEOUT', `${step.id} (${step.title}) took longer than ${formatDuration(milliseconds(timeout))}`, {
    hint: 'look at its last output, or give it a longer timeout',
  })
}

function retryOptions(retry: number | Retry | undefined): { retries: number; delayMs: number; factor: number; maxDelayMs: number } {
  const given: Retry = typeof retry === 'object' ? retry : { retries: retry ?? 0 }
  return {
    retries: given.retries,
    delayMs: milliseconds(given.delay ?? '1s'),
    factor: given.factor ?? 2,
    maxDelayMs: milliseconds(given.maxDelay ?? '30s'),
  }
}

function since(start: number): number {
  return Math.round(performance.now() - start)
}
