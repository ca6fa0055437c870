import type { Snapshots } from './component.ts'
import type { JsonObject } from './json.ts'

/** What the journal keeps of a resource: enough for another process to remove it. Plain JSON. */
export interface ResourceRecord<Data extends JsonObject = JsonObject> {
  readonly runId: string
  readonly image: string
  readonly build: string
  /** {@link ResourceKind.kind} */
  readonly kind: string
  /** {@link ResourceKind.package} */
  readonly package: string
  /** Derived from the run id, so that the thing can be found even when the answer of its creation was lost. */
  readonly name: string
  /** The provider's id; absent when the creation never answered. */
  readonly id?: string
  /** What its kind needs to find and remove it: an endpoint, a region, a path. */
  readonly data: Data
}

/** A kind of thing that builds create outside their own memory, and how to remove one. */
export interface ResourceKind<Data extends JsonObject = JsonObject> {
  /** `'docker-container'` */
  readonly kind: string
  /** The package whose {@link Plugin} lists this kind, so that `imago sweep` can load it. */
  readonly package: string
  /**
   * Removes it, from the record alone: the run that made it may be long dead. Removing what does not exist succeeds.
   * @throws when it still exists afterwards.
   */
  destroy(record: ResourceRecord<Data>, signal: AbortSignal): Promise<void>
}

/** What to create. */
export interface AcquireRequest<T, Data extends JsonObject> {
  readonly kind: ResourceKind<Data>
  /** Derive it from the run id (`ctx.runId`) and the build. */
  readonly name: string
  readonly data: Data
  /** Creates it. Called after the intent is on disk. */
  create(signal: AbortSignal): Promise<T>
  /** The provider's id of what was created. @default the name */
  id?(value: T): string
}

/** Something that exists until it is released. */
export interface Resource<T> extends AsyncDisposable {
  readonly value: T
  readonly record: ResourceRecord
  /** Removes it now. Once it is gone, further calls do nothing. */
  release(): Promise<void>
  /** It is gone, or has become the user's: the journal forgets it. */
  disown(): Promise<void>
}

/**
 * Everything a build creates outside its own memory. What is acquired here is released last in, first out, when the build ends, however
 * it ends; what a killed run left is in the journal for `imago sweep`.
 */
export interface Resources {
  acquire<T, Data extends JsonObject>(request: AcquireRequest<T, Data>): Promise<Resource<T>>
}

/** A resource found at its provider by labels. */
export interface FoundResource {
  readonly record: ResourceRecord
  /** The value of the label `imago.owner`: who made it. */
  readonly owner: string
  /** The time that its run gave itself is over: it may be removed from any machine. @default false */
  readonly isExpired?: boolean
}

/** One line of `imago doctor`. */
export interface DoctorCheck {
  /** What was looked for: `'Docker engine'`. */
  readonly name: string
  readonly status: 'ok' | 'missing' | 'limited'
  /** What was found: a version, a path, an error. */
  readonly detail: string
  /** What to do about it. */
  readonly hint?: string
}

/** What a package of builders gives to `imago sweep` and `imago doctor`; exported as `plugin`. */
export interface Plugin {
  /** The package's name. */
  readonly name: string
  readonly resourceKinds: readonly ResourceKind[]
  /** Finds what runs left, by labels; answers with nothing when the provider cannot be reached. */
  find?(signal: AbortSignal): Promise<readonly FoundResource[]>
  /** Where its builders have their snapshots, by the builders' types. */
  readonly snapshots?: Readonly<Record<string, Snapshots>>
  /** Says whether this machine can build with it. Changes nothing. */
  doctor?(signal: AbortSignal): Promise<readonly DoctorCheck[]>
}
