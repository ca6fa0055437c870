import type { Artifact, BuildEvent, BuildFinished, BuildRef, PlannedBuild, PlannedStep, ResourceChanged } from '@imago/core'

import { BoundedLog } from './bounded-log.ts'
import { byChain } from './chain-place.ts'
import type { BuildRecord, Ending, LeftResource, Span, StepRecord } from './run-record.ts'
import { StepRecorder } from './step-recorder.ts'
import { TransferLog } from './transfer-log.ts'

/** What an event of a build is. */
export type EventOfBuild = Extract<BuildEvent, { readonly build: string }>

/** What the recorder of a build has to know when it makes the record. */
export interface BuildSurroundings {
  readonly label: string
  /** When the record ends, for what has not ended by then. */
  readonly at: number
  readonly plan: PlannedBuild | undefined
}

/** A build that begins within so many milliseconds has not waited. */
const startsAtOnceMs = 50

/** Follows one build of a run. */
export class BuildRecorder {
  readonly #ref: BuildRef
  readonly #logsLimit: number
  readonly #steps = new Map<string, StepRecorder>()
  readonly #transfers = new TransferLog()
  readonly #resources = new Map<string, LeftResource>()
  readonly #removed: Artifact[] = []
  #log: BoundedLog
  #logLimit: number
  #from: number | undefined
  #finished: (BuildFinished & Span) | undefined

  /** @param logsLimit how many characters its logs may have in all, about */
  constructor(ref: BuildRef, logsLimit: number) {
    this.#ref = ref
    this.#logsLimit = logsLimit
    this.#logLimit = logLimit(logsLimit, 0)
    this.#log = new BoundedLog(this.#logLimit)
  }

  onEvent(event: EventOfBuild, at: number): void {
    switch (event.type) {
      case 'build-started':
        this.#from = at
        this.#logLimit = logLimit(this.#logsLimit, event.steps)
        this.#log = new BoundedLog(this.#logLimit)
        return
      case 'build-finished': {
        const from = this.#from ?? Math.max(0, at - event.durationMs)
        this.#finished = { ...event, from, to: from + event.durationMs }
        return
      }
      case 'step-started':
        this.#stepOf(event.step).start(at)
        return
      case 'step-cached':
        this.#stepOf(event.step).cached(event, at)
        return
      case 'step-finished':
        this.#stepOf(event.step).finish(event, at)
        return
      case 'artifact-removed':
        this.#removed.push(event.artifact)
        return
      case 'output':
        this.#logOf(event.step).add(event.stream, event.text)
        return
      case 'message':
        this.#logOf(event.step).add(event.level, `${event.text}\n`)
        return
      case 'progress':
        if (event.step === undefined) this.#transfers.add(event, at)
        else this.#steps.get(event.step)?.progress(event, at)
        return
      default:
        this.#resourceChanged(event)
    }
  }

  record({ label, at, plan }: BuildSurroundings): BuildRecord {
    const finished = this.#finished
    const { from, to } = finished ?? { from: this.#from ?? at, to: at }
    return {
      ...this.#ref,
      label,
      status: finished?.upToDate === true ? 'up-to-date' : (finished?.status ?? (this.#from === undefined ? 'not-run' : 'unfinished')),
      from,
      to,
      waited: this.#from === undefined || from < startsAtOnceMs ? 0 : from,
      after: plan?.after ?? [],
      ...(plan && { makes: plan.makes.type }),
      steps: this.#stepRecords(finished?.status ?? 'unfinished', to, plan),
      ...(finished?.error && { error: finished.error }),
      artifacts: finished?.artifacts ?? [],
      removed: [...this.#removed],
      log: this.#log.log(),
      transfers: this.#transfers.transfers(),
      left: [...this.#resources.values()],
    }
  }

  #stepRecords(build: Ending, at: number, plan: PlannedBuild | undefined): StepRecord[] {
    const planned = plan === undefined ? [] : [...plan.provisioners, ...plan.errorCleanup, ...plan.postProcessors.flat()]
    const pauses = new Map(planned.map(({ id, pauseBefore }) => [id, pauseBefore]))
    const run = [...this.#steps.values()].map((step) => step.record({ build, at, pauseBefore: pauses.get(step.step.id) }))
    const missing = planned.filter(({ id, kind }) => kind !== 'error-cleanup' && !this.#steps.has(id))
    return [...run, ...missing.map(notRun)].toSorted((a, b) => byChain(a.step, b.step))
  }

  #stepOf(step: StepRecorder['step']): StepRecorder {
    const known = this.#steps.get(step.id)
    if (known !== undefined) return known
    const recorder = new StepRecorder(step, this.#logLimit)
    this.#steps.set(step.id, recorder)
    return recorder
  }

  #logOf(step: string | undefined): BoundedLog {
    return (step === undefined ? undefined : this.#steps.get(step)?.log) ?? this.#log
  }

  #resourceChanged({ type, resource, error }: ResourceChanged): void {
    const key = JSON.stringify([resource.kind, resource.name])
    if (type === 'resource-kept') this.#resources.set(key, { resource, why: 'kept' })
    else if (type === 'resource-release-failed') this.#resources.set(key, { resource, why: 'not removed', ...(error && { error }) })
    else this.#resources.delete(key)
  }
}

/** The share of each log; some steps are the builder's own, which are not counted beforehand. */
function logLimit(logsLimit: number, steps: number): number {
  return Math.min(400_000, Math.max(8_000, Math.floor(logsLimit / (steps + 4))))
}

/** Of a step that was planned and not run no title is told: only what events tell is masked. */
function notRun({ id, kind, type }: PlannedStep): StepRecord {
  const log = { head: [], tail: [] }
  return { step: { id, kind, type, title: type }, status: 'not-run', attempts: [], waits: [], log, transfers: [] }
}
