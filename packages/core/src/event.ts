import type { Artifact } from './artifact.ts'
import type { ErrorJson } from './error.ts'
import type { JsonObject } from './json.ts'

/** How a run, a build or a step ended. */
export type Status = 'succeeded' | 'failed' | 'cancelled'

/** A step of a build, as events and the report name it. */
export interface StepRef {
  /** Where it stands in the definition (`provisioners[1]`, `postProcessors[0][1]`), or the builder's own name for it (`builder.pull`). */
  readonly id: string
  readonly kind: 'builder' | 'provisioner' | 'error-cleanup' | 'post-processor'
  /** The builder's, provisioner's or post-processor's type: `'shell'`. */
  readonly type: string
  /** For people: the step's `name`, or what the component says of itself. */
  readonly title: string
}

/** A thing outside the runner's memory, as events and the journal name it. */
export interface ResourceRef {
  readonly kind: string
  readonly name: string
  /** The provider's id, once it is known. */
  readonly id?: string
}

/** One build of a run. */
export interface BuildRef {
  /** The image's name. */
  readonly image: string
  /** The build's name: its key in `builders`. */
  readonly build: string
  readonly builderType: string
}

interface InRun {
  readonly runId: string
  /** ISO 8601, UTC. */
  readonly time: string
}
interface InBuild extends InRun {
  readonly image: string
  readonly build: string
}
interface InStep extends InBuild {
  /** The step it belongs to: {@link StepRef.id}. */
  readonly step?: string
}

/** The run begins; nothing has been started yet. */
export interface RunStarted extends InRun {
  readonly type: 'run-started'
  readonly builds: readonly BuildRef[]
}
/** The run is over and everything is released. */
export interface RunFinished extends InRun {
  readonly type: 'run-finished'
  readonly status: Status
  readonly durationMs: number
}
/** A build begins. */
export interface BuildStarted extends InBuild {
  readonly type: 'build-started'
  readonly builderType: string
  /** How many provisioners and post-processors it will run. */
  readonly steps: number
}
/** A build is over; its resources are released or reported. */
export interface BuildFinished extends InBuild {
  readonly type: 'build-finished'
  readonly status: Status
  readonly durationMs: number
  readonly artifacts: readonly Artifact[]
  readonly error?: ErrorJson
  /** Nothing has changed since it was built the last time, and what was made then is there: nothing was done. */
  readonly upToDate?: true
}
/** A step need not run: the machine started from a snapshot that was made after it. */
export interface StepCached extends InBuild {
  readonly type: 'step-cached'
  readonly step: StepRef
  /** When it ran. ISO 8601, UTC. */
  readonly ranAt: string
}
/** A step, or another attempt at it, begins. */
export interface StepStarted extends InBuild {
  readonly type: 'step-started'
  readonly step: StepRef
  /** 1 for the first. */
  readonly attempt: number
}
/** An attempt at a step is over. */
export interface StepFinished extends InBuild {
  readonly type: 'step-finished'
  readonly step: StepRef
  readonly attempt: number
  readonly status: Status
  readonly durationMs: number
  readonly error?: ErrorJson
  /** The step failed, and the build goes on because `continueOnError` says so. */
  readonly ignored?: true
  /** The step failed, and is tried again after so many milliseconds. */
  readonly retryInMs?: number
}
/** Output of a command: whole lines with their line ends where possible, secrets masked, bytes that are not UTF-8 replaced. */
export interface Output extends InStep {
  readonly type: 'output'
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}
/** How far a transfer or another long task is. */
export interface Progress extends InStep {
  readonly type: 'progress'
  /** What is going on: `'upload site'`. One bar a task. */
  readonly task: string
  readonly done: number
  readonly total?: number
  readonly unit: 'bytes' | 'percent' | 'items'
}
/** Something worth knowing. */
export interface Message extends InStep {
  readonly type: 'message'
  readonly level: 'debug' | 'info' | 'warning'
  readonly text: string
  /** The same for programs, where it is worth it. */
  readonly data?: JsonObject
}
/** What an earlier run of the build has made was removed, as `retain` says. */
export interface ArtifactRemoved extends InStep {
  readonly type: 'artifact-removed'
  readonly artifact: Artifact
  /** ISO 8601, UTC. */
  readonly madeAt: string
}
/** A resource exists; is gone, or no longer the build's; could not be removed; or was left on purpose. */
export interface ResourceChanged extends InBuild {
  readonly type: 'resource-acquired' | 'resource-released' | 'resource-release-failed' | 'resource-kept'
  readonly resource: ResourceRef
  readonly error?: ErrorJson
}

/** Everything a run says. Plain JSON, and the only output of the library. */
export type BuildEvent =
  | RunStarted
  | RunFinished
  | BuildStarted
  | BuildFinished
  | StepCached
  | StepStarted
  | StepFinished
  | Output
  | Progress
  | Message
  | ArtifactRemoved
  | ResourceChanged

/** An event without what the runner adds. */
type Said<E extends InRun> = Omit<E, 'runId' | 'time' | 'image' | 'build' | 'step'>
/** What plugins say; the runner adds run, build, step and time, and masks secrets. */
export type Emit = (event: Said<Progress> | Said<Message>) => void
/** Takes the output of commands, byte for byte; decoding, masking and splitting into lines is the runner's. */
export type OutputSink = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
/** Receives every event of a run, in order. */
export type EventListener = (event: BuildEvent) => void
