import { abortError, errorToJson, ImagoError, messageOf } from './error.ts'
import type { EventBus } from './event-bus.ts'
import type { ResourceRef } from './event.ts'
import type { Journal } from './journal.ts'
import type { JsonObject } from './json.ts'
import type { AcquireRequest, Resource, ResourceKind, ResourceRecord, Resources } from './resources.ts'
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
}

interface Held {
  readonly key: number
  readonly record: ResourceRecord
  readonly destroy: (signal: AbortSignal) => Promise<void>
}

/** The resources of one build, released last in, first out. */
export class ResourceScope implements Resources {
  readonly #options: ScopeOptions
  readonly #held: Held[] = []

  constructor(options: ScopeOptions) {
    this.#options = options
  }

  async acquire<T, Data extends JsonObject>(request: AcquireRequest<T, Data>): Promise<Resource<T>> {
    const { journal, signal, runId, image, build } = this.#options
    if (signal.aborted) throw abortError(signal)
    const record: ResourceRecord<Data> = {
      runId,
      image,
      build,
      kind: request.kind.kind,
      package: request.kind.package,
      name: request.name,
      data: request.data,
    }
    const key = await journal.intend(record)
    const value = await this.#create(request, key, record)
    const created = { ...record, id: request.id?.(value) ?? request.name }
    const held = this.#hold(key, created, request.kind)
    await journal.created(key, record, created.id)
    this.#say('resource-acquired', created)
    return this.#handle(value, held)
  }

  /** Removes everything, newest first, past failures, until the deadline. Answers with what is still there. */
  async releaseAll(deadline: AbortSignal): Promise<ResourceRecord[]> {
    const failed: ResourceRecord[] = []
    for (const held of this.#held.toReversed()) {
      try {
        await this.#release(held, deadline)
      } catch {
        failed.push(held.record) // reported as an event where it happened
      }
    }
    return failed
  }

  /** Leaves everything as it is, for the user to look at and for `imago sweep` to remove. */
  keepAll(): ResourceRecord[] {
    const kept = this.#held.map(({ record }) => record)
    for (const record of kept) this.#say('resource-kept', record)
    this.#held.length = 0
    return kept
  }

  async #create<T, Data extends JsonObject>(request: AcquireRequest<T, Data>, key: number, record: ResourceRecord<Data>): Promise<T> {
    try {
      return await request.create(this.#options.signal)
    } catch (error) {
      // the answer may have been lost although the thing was made: remove it by its name when the build ends
      this.#hold(key, record, request.kind)
      throw error
    }
  }

  #hold<Data extends JsonObject>(key: number, record: ResourceRecord<Data>, kind: ResourceKind<Data>): Held {
    const held: Held = { key, record, destroy: (signal) => kind.destroy(record, signal) }
    this.#held.push(held)
    return held
  }

  #handle<T>(value: T, held: Held): Resource<T> {
    const release = (): Promise<void> => (this.#held.includes(held) ? this.#release(held, new AbortController().signal) : Promise.resolve())
    const disown = async (): Promise<void> => {
      this.#forget(held)
      await this.#options.journal.released(held.key)
    }
    return { value, record: held.record, release, disown, [Symbol.asyncDispose]: release }
  }

  async #release(held: Held, deadline: AbortSignal): Promise<void> {
    try {
      if (deadline.aborted) throw new ImagoError('TIMEOUT', 'there was no time left to remove it')
      await orAbandon(held.destroy(deadline), deadline, graceMs)
    } catch (error) {
      const failure = new ImagoError(
        'RELEASE_FAILED',
        `${held.record.kind} '${held.record.name}' could not be removed: ${messageOf(error)}`,
        {
          cause: error,
          hint: "'imago sweep' tries again",
        },
      )
      this.#say('resource-release-failed', held.record, failure)
      throw failure
    }
    this.#forget(held)
    await this.#options.journal.released(held.key)
    this.#say('resource-released', held.record)
  }

  #forget(held: Held): void {
    const index = this.#held.indexOf(held)
    if (index >= 0) this.#held.splice(index, 1)
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
