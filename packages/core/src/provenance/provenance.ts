import type { Artifact } from '../artifact.ts'
import type { PlannedBuild } from '../plan.ts'
import type { Material } from './material.ts'

/** What was made, and its digests. */
export interface ProvenArtifact {
  readonly artifact: Artifact
  readonly subjects: readonly Material[]
}

/** How a build came to what it made. Plain JSON, in which secrets are masked. */
export interface Provenance {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** ISO 8601, UTC. */
  readonly finishedAt: string
  /** What is left of the build in the end. */
  readonly artifacts: readonly ProvenArtifact[]
  /** What it was told to do. */
  readonly definition: PlannedBuild
  /** What it started from, and the local files that its steps read, as they were when it began. */
  readonly materials: readonly Material[]
  /** Other files that its steps wrote. */
  readonly byproducts: readonly Material[]
  /** The ids of the steps that did not run: the machine started from a snapshot that was made after them. */
  readonly cachedSteps: readonly string[]
  /** Of what has built it, by name. */
  readonly versions: Readonly<Record<string, string>>
}
