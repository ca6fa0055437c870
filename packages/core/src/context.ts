import type { Artifact } from './artifact.ts'
import type { Communicator } from './communicator.ts'
import type { Emit, OutputSink } from './event.ts'
import type { Facts } from './facts.ts'
import type { ArtifactReference } from './image.ts'
import type { JsonObject } from './json.ts'
import type { Material } from './provenance/material.ts'
import type { Resources } from './resources.ts'

/** What checks before a run may use. They read the outside world and change nothing. */
export interface PreflightContext {
  /** Relative local paths of the definition are relative to this folder. Absolute. */
  readonly directory: string
  readonly signal: AbortSignal
}

/** What looking at a builder's snapshots may use. */
export interface SnapshotContext {
  /** A folder for snapshots that are files. It need not exist. Absolute. */
  readonly cacheDirectory: string
  readonly signal: AbortSignal
}

/** What looking for what was made before may use. Nothing is changed. */
export interface LookupContext extends PreflightContext, SnapshotContext {
  /** What another build made, where this builder's options refer to it with `artifactOf`. */
  artifact<A extends Artifact>(reference: ArtifactReference<A>): A
}

/** What looking for the artifacts of a build may use. Nothing is changed. */
export interface ArtifactsContext extends PreflightContext {
  /** The image's name. */
  readonly image: string
  /** The build's name: its key in `builders`. */
  readonly build: string
  /** What runs of the build with this state directory have left, the latest first. */
  readonly known: readonly Artifact[]
}

/** What one step of a build may use. */
export interface StepContext {
  /** Aborted on cancel, on time-out and when the run ends early. Give it to every wait, spawn, request and command. */
  readonly signal: AbortSignal
  readonly emit: Emit
  /** Takes the output of commands. Hand it over as `onOutput`. */
  readonly output: OutputSink
}

/** What builders, provisioners and post-processors have in common. */
export interface ComponentContext extends StepContext, PreflightContext {
  readonly runId: string
  /** The image's name. */
  readonly image: string
  /** The build's name: its key in `builders`. */
  readonly build: string
  readonly builderType: string
  /** A folder of this build's own for temporary files. It is gone when the build is over. Absolute. */
  readonly workDirectory: string
  readonly resources: Resources
  /** Masks a value from now on: a password made or fetched during the build. */
  maskSecret(value: string): void
}

/** What a builder gets. */
export interface BuildContext extends ComponentContext {
  /** A folder for snapshots that are files. It need not exist. Absolute. */
  readonly cacheDirectory: string
  /** Labels (tags) for whatever is created at a provider: run, image, build and owner. `imago sweep` finds things by them. */
  readonly labels: Readonly<Record<string, string>>
  /** What another build made, where this builder's options refer to it with `artifactOf`. */
  artifact<A extends Artifact>(reference: ArtifactReference<A>): A
  /** Says what the machine starts from, for the provenance of what is made: an image with its digest, a disk. Local `inputs()` are known. */
  startsFrom(material: Material): void
  /** Runs one named step of the builder, reported as started and finished: `ctx.step('pull', 'pull debian:12', …)`. */
  step<T>(id: string, title: string, run: (step: StepContext) => Promise<T>): Promise<T>
  /**
   * Looks for the latest snapshot that the machine can start from. Called before the machine is made, with the same as the builder's
   * `base` answers; only by a builder that has snapshots.
   * @returns the snapshot's key; `undefined` when the machine starts from the base
   */
  findSnapshot(base: object): Promise<string | undefined>
  /**
   * Runs the image's provisioners on the machine, apart from those that the found snapshot stands for. Called once, when the machine can
   * be reached.
   * @throws what a provisioner threw; the builder lets it pass, and the runner releases what was acquired.
   */
  provision(machine: Communicator, facts?: Partial<Facts>, save?: SaveSnapshot): Promise<void>
}

/**
 * Makes the snapshot of the machine as it is between two steps; no process of a step is left in it then.
 * @returns how large it is, in bytes, and what removing it needs
 */
export type SaveSnapshot = (key: string, signal: AbortSignal) => Promise<{ readonly bytes: number; readonly data?: JsonObject }>

/** What a provisioner gets. */
export interface ProvisionContext extends ComponentContext {
  readonly machine: Communicator
  readonly facts: Facts
  /** What every command of a step gets in its environment, from the facts. */
  readonly env: Readonly<Record<string, string>>
}

/** What a post-processor gets. */
export interface PostProcessContext extends ComponentContext {
  readonly facts: Facts
}
