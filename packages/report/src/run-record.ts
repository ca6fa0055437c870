import type { Artifact, BuildRef, ErrorJson, ResourceRef, Status, StepRef } from '@imago/core'

import type { Log } from './log.ts'
import type { RecordedStatus } from './statuses.ts'

/** A length of time, in milliseconds since the run began. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** How a run or an attempt ended; `'unfinished'` when what was recorded ends before it. */
export type Ending = Status | 'unfinished'

/** An attempt at a step. */
export interface AttemptRecord extends Span {
  readonly status: Ending
  readonly error?: ErrorJson
}

/** Bytes that went somewhere. */
export interface Transfer extends Span {
  /** `'upload site'` */
  readonly task: string
  readonly bytes: number
  /** How many were announced. */
  readonly total?: number
  /** Bytes a second; absent where it went too fast to be measured. */
  readonly rate?: number
}

/** How a step went. */
export interface StepRecord {
  readonly step: StepRef
  readonly status: RecordedStatus
  /** None, when it was planned and not run. */
  readonly attempts: readonly AttemptRecord[]
  /** When it waited: before its first attempt, and between attempts. */
  readonly waits: readonly Span[]
  /** The last attempt's. */
  readonly error?: ErrorJson
  readonly log: Log
  readonly transfers: readonly Transfer[]
}

/** Something that a build created and that still existed when it was over. */
export interface LeftResource {
  readonly resource: ResourceRef
  readonly why: 'kept' | 'not removed'
  readonly error?: ErrorJson
}

/** How a build went. */
export interface BuildRecord extends BuildRef, Span {
  /** `docker`, or `web.docker` when the run has several images. */
  readonly label: string
  readonly status: RecordedStatus
  /** Milliseconds that it waited before it began: for room, or for the builds that it starts from. */
  readonly waited: number
  /** Builds of other images that it starts from, as `image.build`. */
  readonly after: readonly string[]
  /** The type of what its builder makes, where the plan tells it. */
  readonly makes?: string
  readonly steps: readonly StepRecord[]
  readonly error?: ErrorJson
  readonly artifacts: readonly Artifact[]
  /** What earlier runs had made, and this one removed. */
  readonly removed: readonly Artifact[]
  /** What the builder said between its steps. */
  readonly log: Log
  readonly transfers: readonly Transfer[]
  readonly left: readonly LeftResource[]
}

/** A run, as its events told it: plain JSON, bounded in size, and all that the writers of this package look at. */
export interface RunRecord {
  readonly runId: string
  readonly status: Ending
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly durationMs: number
  readonly builds: readonly BuildRecord[]
}
