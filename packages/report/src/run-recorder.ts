import type { BuildEvent, BuildRef, EventListener, Plan } from '@imago/core'

import { BuildRecorder } from './build-recorder.ts'
import type { Ending, RunRecord } from './run-record.ts'

/** Characters of logs that a record has at most, about. */
const logsLimit = 6_000_000

/**
 * Follows a run by its events and makes the record of it. Of long logs it keeps the beginning and the end, so that a run may say any
 * amount.
 * @example
 * const recorder = new RunRecorder()
 * await run(image, { onEvent: recorder.onEvent })
 * await writeFile('run.html', htmlReport(recorder.record([plan(image)])))
 */
export class RunRecorder {
  readonly #builds = new Map<string, { readonly ref: BuildRef; readonly recorder: BuildRecorder }>()
  #runId = ''
  #startedAt = ''
  #startMs = Number.NaN
  #latest = 0
  #status: Ending = 'unfinished'
  #durationMs: number | undefined

  /** Takes each event of one run, in order. */
  readonly onEvent: EventListener = (event) => {
    const at = this.#momentOf(event)
    if (event.type === 'run-started') this.#begin(event.builds)
    else if (event.type === 'run-finished') {
      this.#status = event.status
      this.#durationMs = event.durationMs
    } else this.#builds.get(keyOf(event))?.recorder.onEvent(event, at)
  }

  /** Whether the run has begun. */
  get hasBegun(): boolean {
    return this.#builds.size > 0
  }

  /**
   * How the run went, as far as it has been told.
   * @param plans what was to be done, of each image; only ids, types and the order of steps are taken from them
   */
  record(plans: readonly Plan[]): RunRecord {
    const planned = new Map(plans.flatMap(({ image, builds }) => builds.map((build) => [keyOf({ image, build: build.build }), build])))
    const entries = [...this.#builds]
    const severalImages = new Set(entries.map(([, { ref }]) => ref.image)).size > 1
    return {
      runId: this.#runId,
      status: this.#status,
      startedAt: this.#startedAt,
      durationMs: this.#durationMs ?? this.#latest,
      builds: entries.map(([key, { ref, recorder }]) =>
        recorder.record({ label: severalImages ? `${ref.image}.${ref.build}` : ref.build, at: this.#latest, plan: planned.get(key) }),
      ),
    }
  }

  #begin(builds: readonly BuildRef[]): void {
    for (const ref of builds) this.#builds.set(keyOf(ref), { ref, recorder: new BuildRecorder(ref, Math.floor(logsLimit / builds.length)) })
  }

  /** Milliseconds since the first event. A clock that was set back stands still. */
  #momentOf({ time, runId }: BuildEvent): number {
    const ms = Date.parse(time)
    if (this.#startedAt === '') {
      this.#startedAt = time
      this.#startMs = ms
      this.#runId = runId
    }
    this.#latest = Math.max(this.#latest, ms - this.#startMs)
    return this.#latest
  }
}

/** The record of a run whose events were all kept. */
export function recordRun(events: Iterable<BuildEvent>, plans: readonly Plan[]): RunRecord {
  const recorder = new RunRecorder()
  for (const event of events) recorder.onEvent(event)
  return recorder.record(plans)
}

function keyOf({ image, build }: { readonly image: string; readonly build: string }): string {
  return JSON.stringify([image, build])
}
