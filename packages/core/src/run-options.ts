import type { Duration } from './duration.ts'
import type { ErrorJson } from './error.ts'
import type { BuildRef, EventListener, StepRef } from './event.ts'
import type { Material } from './provenance/material.ts'
import type { Image } from './image.ts'

/** Which builds of an image: names of builds, or patterns with `*` (`'aws-*'`); `image.build` names one of several images. */
export interface Selection<Only extends string = string, Except extends string = Only> {
  /** @default all */
  readonly only?: readonly Only[]
  /** @default none */
  readonly except?: readonly Except[]
}

/** A provisioner that has failed for good. */
export interface StepFailure extends BuildRef {
  readonly step: StepRef
  readonly error: ErrorJson
}

/**
 * What happens to a build's machine when a step of it has failed.
 * - `'cleanup'`: the `errorCleanup` provisioners run, then everything is removed.
 * - `'abort'`: nothing is run and nothing removed; `imago sweep` removes it later.
 * - `'run-cleanup-provisioner'`: the `errorCleanup` provisioners run, and nothing is removed.
 * - a function: it is asked, and may also say to try again, see {@link OnErrorAnswer}.
 */
export type OnError = OnErrorPolicy | ((failure: StepFailure, signal: AbortSignal) => Promise<OnErrorAnswer>)
/**
 * What a function that is asked may say: `'retry'` runs the step again. With `retryWith`, an edited definition of the same image, it is the
 * step that stands at its place there that runs, and those after it follow; what comes before it in the machine stays as it is. Nothing
 * that is done from then on is kept in a cache.
 */
export type OnErrorAnswer = OnErrorPolicy | 'retry' | EditedDefinition
/** See {@link OnErrorAnswer}. */
export interface EditedDefinition {
  readonly retryWith: Image
}
/** See {@link OnError}. */
export type OnErrorPolicy = 'cleanup' | 'abort' | 'run-cleanup-provisioner'

/** How a run uses its cache. */
export interface CacheOptions {
  /** This step and those after it are done again: `provisioners[2]`, the step's name, or its title. @default none */
  readonly from?: string
  /** Snapshots that were not used for longest are removed at the end of a run, until those that are left are no larger. Bytes. @default 10 GB */
  readonly maxBytes?: number
}

/** What is told of how builds come to what they make. */
export interface ProvenanceOptions {
  /** What was read to come to the definitions: their files. @default none */
  readonly materials?: readonly Material[]
}

/** How to run builds. */
export interface RunOptions {
  /** Relative local paths in definitions are relative to this folder. @default the current folder */
  readonly directory?: string
  /** Where the journal and temporary files are. @default `.imago` in the current folder */
  readonly stateDirectory?: string
  /** How many builds run at a time: 1 or more. @default as many as there are */
  readonly concurrency?: number
  /**
   * How many builds of a pool run at a time, by the pool's name, which is the builder's type where it has no pool of its own; stands above
   * the builder's own limit.
   */
  readonly pools?: Readonly<Record<string, number>>
  /** The first failure cancels the other builds. @default false */
  readonly failFast?: boolean
  /** @default 'cleanup' */
  readonly onError?: OnError
  /** How long removing a build's resources may take, counted from its end, and removing an older artifact. @default '2m' */
  readonly releaseTimeout?: Duration
  /**
   * Whether steps are not done again that were done before: machines start from the snapshot of the last step that is the same, and a
   * build of which nothing has changed does not start at all. For builders that have snapshots. @default false
   */
  readonly cache?: boolean | CacheOptions
  /** Whether the report says of each build how it came to what it made; the files that it reads are read once more for that. @default false */
  readonly provenance?: boolean | ProvenanceOptions
  /** Cancels the run: commands are killed, resources released. */
  readonly signal?: AbortSignal
  /** Receives every event, in order. What it throws disturbs no build; the run rejects with it in the end, when all is released. */
  readonly onEvent?: EventListener
  /** 8 to 40 lower case letters and digits, unlike any other run's. @default random */
  readonly runId?: string
}
