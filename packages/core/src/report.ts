import type { Artifact } from './artifact.ts'
import type { ErrorJson } from './error.ts'
import type { BuildRef, Status, StepRef } from './event.ts'
import type { Provenance } from './provenance/provenance.ts'
import type { ResourceRecord } from './resources.ts'

/** How a step of a build went, all attempts together. */
export interface StepReport {
  readonly step: StepRef
  readonly status: Status
  readonly attempts: number
  readonly durationMs: number
  /** The last attempt's. */
  readonly error?: ErrorJson
  /** It failed, and the build went on because `continueOnError` says so. */
  readonly ignored?: true
  /** It did not run: the machine started from a snapshot that was made after it. */
  readonly cached?: true
}

/** How a build went. */
export interface BuildReport extends BuildRef {
  readonly status: Status
  readonly durationMs: number
  /** What the builder made. */
  readonly artifact?: Artifact
  /** What is left in the end: the ends of the post-processor chains, and what the builder made unless they consumed it. */
  readonly artifacts: readonly Artifact[]
  readonly steps: readonly StepReport[]
  readonly error?: ErrorJson
  /** Nothing has changed since it was built the last time, and what was made then is there: nothing was done. */
  readonly upToDate?: true
  /** What earlier runs have made and this one removed, as the image's `retain` says. @default nothing */
  readonly removed?: readonly Artifact[]
  /** How it came to what it made, where the options ask for it; never of a build that is up to date. */
  readonly provenance?: Provenance
}

/** How a run went. Plain JSON. */
export interface Report {
  readonly runId: string
  readonly status: Status
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly durationMs: number
  readonly builds: readonly BuildReport[]
  /** What still exists although it should not, or was kept on purpose; `imago sweep` removes it. */
  readonly left: readonly ResourceRecord[]
}
