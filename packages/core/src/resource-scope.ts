import type { Duration } from './duration.ts'
import { milliseconds } from './duration.ts'
import { abortError, errorToJson, ImagoError, messageOf } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { ResourceRef } from './event.ts'
import type { Journal } from './journal.ts'
import type { JsonObject } from './json.ts'
import type { AcquireRequest, Resource, ResourceRecord, Resources } from './resources.ts'
import { timeLimit } from './time-limit.ts'
import { orAbandon } from './wait.ts'

/** How long a removal that does not listen to its signal may go on after its deadline. */
const graceMs = 2000

/** What a scope works with. */
export interface ScopeOptions {
  readonly runId: string
  readonly image: string
  readonly build: string
  readonly journal: Journal
  readonly events: EventBus
  /** Aborted on cancel: nothing more is created then. */
  readonly signal: AbortSignal
  /** How long one removal may take that the build asks for. */
  readonly releaseTimeout: Duration
}

interface Held {
  /** In the journal, once the intent stands there. */
  key?: number
  /** With the provider's id, once that is known. */
  record: ResourceRecord
  /** Settles when its creation has ended, however it did. */
  settled: Promise<unknown>
  readonly destroy: (signal: AbortSignal) => Promise<void>
  /** The removal that goes on. */
  releasing?: Promise<void>
}

/** The resources of one build, released last in, first out. */
export class ResourceScope implements Resources {
  readonly #options: ScopeOptions
  readonly #held: Held[] = []
  #closed = false
  /** Ends the creations that go on when everything is to be released. */
  #ending = new AbortController()

  constructor(options: ScopeOptions) {
    this.#options = options
  }

  async acquire<T, Data extends JsonObject>(request: AcquireRequest<T, Data>): Promise<Resource<T>> {
    const { signal, runId, image, build } = this.#options
    const { kind, name, data } = request
    if (signal.aborted) throw abortError(signal)
    if (this.#closed) throw new ImagoError('INTERNAL', `${kind.kind} '${name}' was to be created when its build had ended`)
    const held: Held = {
      record: { runId, image, build, kind: kind.kind, package: kind.package, name, data },
      settled: Promise.resolve(),
      destroy: (deadline) => kind.destroy(held.record as ResourceRecord<Data>, deadline), // made of `data` just here
    }
    this.#held.push(held)
    const creation = this.#create(request, held)
    held.settled = creation.catch(() => undefined)
    return creation
  }

  /** Removes everything, newest first, past failures, until the deadline. What goes on being created is waited for, and removed too. */
  async releaseAll(deadline: AbortSignal): Promise<void> {
    this.#ending.abort(new ImagoError('CANCELLED', 'the build has ended'))
    this.#ending = new AbortController()
    for (const held of this.#held.toReversed()) {
      await this.#release(held, deadline).catch(() => undefined) // reported as an event where it happened
    }
  }

  /** Nothing more is created from now on: by work that was abandoned, or goes on in the background. */
  close(): void {
    this.#closed = true
  }

  /** Leaves everything as it is, for the user to look at and for `imago sweep` to remove. */
  keepAll(): void {
    for (const { record } of this.#held.splice(0)) this.#say('resource-kept', record)
  }

  async #create<T, Data extends JsonObject>(request: AcquireRequest<T, Data>, held: Held): Promise<Resource<T>> {
    const { journal } = this.#options
    const signal = AbortSignal.any([this.#options.signal, this.#ending.signal])
    const key = await journal.intend(held.record).catch(async (error: unknown) => {
      await this.#forget(held)
      throw error
    })
    held.key = key
    // from here on it may exist even when this fails, for the answer may have been lost: it stays held, and is removed by its name
    const value = await request.create(signal)
    const id = request.id?.(value) ?? request.name
    held.record = { ...held.record, id }
    await journal.created(key, held.record, id)
    this.#say('resource-acquired', held.record)
    return this.#handle(value, held)
  }

  #handle<T>(value: T, held: Held): Resource<T> {
    const release = async (): Promise<void> => {
      if (this.#held.includes(held)) await this.#release(held, timeLimit(milliseconds(this.#options.releaseTimeout)))
    }
    const disown = async (): Promise<void> => {
      if (!this.#held.includes(held)) return
      this.#say('resource-released', held.record)
      await this.#forget(held)
    }
    return { value, record: held.record, release, disown, [Symbol.asyncDispose]: release }
  }

  async #release(held: Held, deadline: AbortSignal): Promise<void> {
    held.releasing ??= this.#remove(held, deadline)
    try {
      await held.releasing
    } finally {
      delete held.releasing
    }
  }

  async #remove(held: Held, deadline: AbortSignal): Promise<void> {
    try {
      if (deadline.aborted) throw new ImagoError('TIMEOUT', 'there was no time left to remove it')
      await orAbandon(held.settled, deadline, graceMs)
      if (!this.#held.includes(held)) return
      await orAbandon(held.destroy(deadline), deadline, graceMs)
    } catch (error) {
      const what = `${held.record.kind} '${held.record.name}'`
      const failure = new ImagoError('RELEASE_FAILED', `${what} could not be removed: ${messageOf(error)}`, {
        cause: error,
        hint: "'imago sweep' tries again",
      })
      this.#say('resource-release-failed', held.record, failure)
      throw failure
    }
    this.#say('resource-released', held.record)
    await this.#forget(held)
  }

  /** Holds it no more, and writes so into the journal where that says that it may exist. */
  async #forget(held: Held): Promise<void> {
    const index = this.#held.indexOf(held)
    if (index >= 0) this.#held.splice(index, 1)
    if (held.key !== undefined) await this.#options.journal.released(held.key)
  }

  #say(
    type: 'resource-acquired' | 'resource-released' | 'resource-release-failed' | 'resource-kept',
    record: ResourceRecord,
    error?: ImagoError,
  ): void {
    const { image, build, events } = this.#options
    const resource: ResourceRef = { kind: record.kind, name: record.name, ...(record.id !== undefined && { id: record.id }) }
    events.say({ type, image, build, resource, ...(error !== undefined && { error: errorToJson(error) }) })
  }
}
