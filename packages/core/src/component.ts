import type { Artifact, ArtifactShape } from './artifact.ts'
import type {
  ArtifactsContext,
  BuildContext,
  LookupContext,
  PostProcessContext,
  PreflightContext,
  ProvisionContext,
  SnapshotContext,
} from './context.ts'
import type { Platform } from './communicator.ts'
import type { Duration } from './duration.ts'
import type { Issue } from './issue.ts'
import type { Json, JsonObject } from './json.ts'

/** A local file or directory that a component reads. It is looked for before anything starts. */
export interface LocalInput {
  /** As written in the definition. */
  readonly path: string
  /** The option that names it: `['script']`. */
  readonly at: Issue['path']
  /** @default either */
  readonly kind?: 'file' | 'directory'
  /** Links in a directory that lead out of it: the step takes them as links, or takes what they lead to. @default 'links' */
  readonly linksOut?: 'links' | 'followed'
}

/** A local file or directory that a component writes. That it can be written, and that nobody else writes it, is checked before anything starts. */
export interface LocalOutput {
  readonly path: string
  readonly at: Issue['path']
  /** Several builds may write it, one after the other. @default false */
  readonly shared?: boolean
}

/** How to try again. */
export interface Retry {
  /** How many times a failed step is tried again. */
  readonly retries: number
  /** Wait before the first retry. @default '1s' */
  readonly delay?: Duration
  /** Each further wait is so many times longer. @default 2 */
  readonly factor?: number
  /** No wait is longer. @default '30s' */
  readonly maxDelay?: Duration
}

/** Limits a step to some of the image's builds: one of `only` and `except`, or neither. */
export type Scope<Only extends string = string, Except extends string = Only> =
  | { readonly only?: readonly Only[]; readonly except?: never }
  | { readonly only?: never; readonly except?: readonly Except[] }

/** What every provisioner and post-processor takes beside its own options and its {@link Scope}. */
export interface StepOptions {
  /** What the display calls the step. @default what the component says of itself */
  readonly name?: string
  /** Wait before the first attempt. The time-out does not count it. @default 0 */
  readonly pauseBefore?: Duration
  /** Each attempt ends after so long, and its commands are killed. @default none */
  readonly timeout?: Duration
  /** Try a failed step again: a number of retries, or how. @default none */
  readonly retry?: number | Retry
  /** The build goes on when the step has failed for good. @default false */
  readonly continueOnError?: boolean
  /**
   * The step may end the connection to the machine: it restarts it. A connection that breaks then is no failure, and the next one may show
   * another host key. @default false
   */
  readonly expectDisconnect?: boolean
  /**
   * Whether what the step did before can stand for doing it again, in runs that have a cache: `false`, never; `true`, also where the
   * component itself says that it cannot; or with conditions. @default what the component says of itself
   */
  readonly cache?: boolean | CacheConditions
}

/** When a step is not done again. */
export interface CacheConditions {
  /** Not when it was done longer ago. @default however long ago that was */
  readonly maxAge?: Duration
  /** Not when this gives something else than it did then: the content of a lock file, a date. @default nothing more is looked at */
  readonly also?: () => Json | Promise<Json>
}

/** What a component says of doing a step again. */
export type Cacheable =
  /**
   * The same options and inputs always come to the same. The revision rises when the component comes to do something else with them;
   * then everything is done again.
   */
  | { readonly revision: number; readonly never?: never }
  /** The step always runs, and why: `'it changes this machine'`. */
  | { readonly never: string; readonly revision?: never }

/** What builders, provisioners and post-processors have in common. */
interface Component {
  /** `'docker'`, `'shell'`, `'compress'`. */
  readonly type: string
  /** The component's own options, as the user wrote them; the plan shows them. */
  readonly options: object
  /** Every problem of the options at once, with paths from the options on. Pure. */
  validate?(): readonly Issue[]
  /** The local files it reads. Pure. */
  inputs?(): readonly LocalInput[]
  /** The local files it writes, as far as they are known before the build. Pure. */
  outputs?(): readonly LocalOutput[]
}

/** A component that runs as a step of a build, with the common options. */
export interface Step extends Component, StepOptions {
  /** What the display calls it without a `name`: `'apt-get update'`. */
  readonly title?: string
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  /** @default a provisioner may do anything, and always runs; a post-processor has revision 1 */
  readonly cacheable?: Cacheable
}

/** Makes an artifact from nothing, or from an image that exists. */
export interface Builder<out A extends Artifact = Artifact> extends Component {
  readonly kind: 'builder'
  /** What it makes, known beforehand. */
  readonly makes: ArtifactShape
  /** Builds of one pool share its limit. @default one with all builders of this type, without a limit but the run's own */
  readonly pool?: { readonly name: string; readonly limit: number }
  /** Reads the outside world and changes nothing: whether the provider answers, whether the image to start from is there. For `imago validate --online`. */
  preflight?(ctx: PreflightContext): Promise<readonly Issue[]>
  /** Builds. Calls `ctx.provision(machine)` once, when the machine can be reached. */
  build(ctx: BuildContext): Promise<A>
  /** Removes an artifact. @default its files are removed */
  destroyArtifact?(artifact: A, ctx: PreflightContext): Promise<void>
  /**
   * What determines the machine before its first step: the digest of an image, how the machine runs. Plain data, with secrets as such.
   * Changes nothing.
   * @default nothing is known, and no build is left out because nothing has changed
   * @returns `undefined` when only the build itself can tell: an image is to be fetched first
   */
  base?(ctx: LookupContext): Promise<object | undefined>
  /** The snapshots of machines that the builder makes after steps. @default none: each build runs all steps */
  readonly snapshots?: Snapshots
  /** Whether what was made is still there, unchanged. @default whether its files are; of an artifact without files nobody can tell */
  hasArtifact?(artifact: A, ctx: LookupContext): Promise<boolean>
  /**
   * What runs of a build have made and its provider still has, for `retain`: only what Imago itself has made there, and what
   * `destroyArtifact` removes. Changes nothing.
   * @default of artifacts that consist of files, those that the state directory knows of; others cannot be retained
   */
  artifacts?(ctx: ArtifactsContext): Promise<readonly MadeBefore<A>[]>
}

/** An artifact that its provider has. */
export interface MadeBefore<out A extends Artifact = Artifact> {
  readonly artifact: A
  /** ISO 8601, UTC. */
  readonly madeAt: string
  /** The run that made it, where the provider cannot tell whether that run is over. @default it is over */
  readonly runId?: string
  /** Why it must stay: `'container web uses it'`. @default nothing keeps it */
  readonly inUse?: string
}

/** A snapshot of a machine after a step, as the cache keeps it. */
export interface Snapshot {
  /** Names it: hexadecimal digits. */
  readonly key: string
  /** What removing it needs, beside the key. */
  readonly data: JsonObject
}

/** Where a builder has its snapshots. */
export interface Snapshots {
  /**
   * Whether a machine that is handed over is worth a snapshot before its first step: reaching it has taken an installation, or a boot.
   * @default false
   */
  readonly ofStart?: boolean
  /**
   * Whether what runs in the machine goes on in a snapshot of it, or whoever makes it sees to that no process is lost. Else none is made
   * after a step that has left processes running.
   * @default false
   */
  readonly keepsProcesses?: boolean
  /** Whether the one after the last step can be made while the builder makes its result already. @default false */
  readonly besideResult?: boolean
  /** Whether there is one that can be started from. */
  has(snapshot: Snapshot, ctx: SnapshotContext): Promise<boolean>
  /** Removes one, or what there is of it. Nothing happens when there is none. @throws ImagoError when something uses it */
  remove(snapshot: Snapshot, ctx: SnapshotContext): Promise<void>
}

/** Changes the running machine. `Name` holds the builds that `only` or `except` name. */
export interface Provisioner<out Name extends string = never> extends Step {
  readonly kind: 'provisioner'
  readonly only?: readonly Name[]
  readonly except?: readonly Name[]
  /** What must run in the machine. The step fails with `UNSUPPORTED` on another. @default either */
  readonly platform?: Platform
  /**
   * Reads the outside world and changes nothing: whether a program of this machine is there, whether it can read what it is to run. For
   * `imago validate --online`; once for all builds that it applies to.
   */
  preflight?(ctx: PreflightContext): Promise<readonly Issue[]>
  provision(ctx: ProvisionContext): Promise<void>
}

/** What a post-processor takes: artifacts of certain types, any that has files, or any. */
export type Takes = 'any' | 'files' | readonly string[]

/**
 * Makes one artifact from another. `Only` and `Except` hold the builds that the options name.
 */
export interface PostProcessor<
  in In extends Artifact = never,
  out Out extends Artifact = Artifact,
  out Only extends string = never,
  out Except extends string = never,
> extends Step {
  readonly kind: 'post-processor'
  readonly only?: readonly Only[]
  readonly except?: readonly Except[]
  /** The same as `In`, for checks at run time. */
  readonly takes: Takes
  /** The same as `Out`, for checks at run time; `'same'` when it hands on what it got. */
  readonly makes: ArtifactShape | 'same'
  /**
   * What becomes of the input when the chain is done with it: `'kept'` and `'removed'` are defaults that `keepInputArtifact` changes;
   * `'needed'` means the output is nothing without it.
   */
  readonly input: 'kept' | 'removed' | 'needed'
  /** The user's word on the input. @default what `input` says */
  readonly keepInputArtifact?: boolean
  process(input: In, ctx: PostProcessContext): Promise<Out>
  /** Removes what it made. @default its files are removed */
  destroyArtifact?(artifact: Out, ctx: PreflightContext): Promise<void>
  /** Whether what it made is still there, unchanged. @default whether its files are; of an artifact without files nobody can tell */
  hasArtifact?(artifact: Out, ctx: LookupContext): Promise<boolean>
}

/** What every post-processor takes beside its own options and its {@link Scope}. */
export interface PostProcessorOptions extends Omit<StepOptions, 'expectDisconnect'> {
  /** Whether the input artifact stays when this step is done with it. */
  readonly keepInputArtifact?: boolean
}
