import type { AcquireRequest, JsonObject, Resource, ResourceRecord, Resources } from '@imago/core'

/** What happened to a resource of {@link FakeResources}. */
export interface ResourceEntry {
  readonly what: 'intended' | 'acquired' | 'released' | 'disowned'
  readonly record: ResourceRecord
}

/** {@link Resources} in memory, with what happened to them. */
export class FakeResources implements Resources {
  readonly #log: ResourceEntry[] = []
  readonly #held: Resource<unknown>[] = []
  readonly #owner: Pick<ResourceRecord, 'runId' | 'image' | 'build'>

  constructor(owner: Pick<ResourceRecord, 'runId' | 'image' | 'build'>) {
    this.#owner = owner
  }

  /** What happened, in order. */
  get log(): readonly ResourceEntry[] {
    return this.#log
  }

  /** What still exists, in the order in which it was made. */
  get held(): readonly ResourceRecord[] {
    return this.#held.map((resource) => resource.record)
  }

  async acquire<T, Data extends JsonObject>(request: AcquireRequest<T, Data>): Promise<Resource<T>> {
    const signal = new AbortController().signal
    const { kind, name, data } = request
    const intent: ResourceRecord<Data> = { ...this.#owner, kind: kind.kind, package: kind.package, name, data }
    this.#log.push({ what: 'intended', record: intent })
    const value = await request.create(signal)
    const record: ResourceRecord<Data> = { ...intent, id: request.id?.(value) ?? name }
    this.#log.push({ what: 'acquired', record })
    const release = async (): Promise<void> => {
      if (!this.#held.includes(resource)) return
      await kind.destroy(record, signal)
      this.#forget(resource, 'released')
    }
    const resource: Resource<T> = {
      value,
      record,
      release,
      // oxlint-disable-next-line require-await -- the contract asks for a promise
      disown: async () => this.#forget(resource, 'disowned'),
      [Symbol.asyncDispose]: release,
    }
    this.#held.push(resource)
    return resource
  }

  /** Releases what still exists, last in, first out, as the runner does when a build ends. */
  async releaseAll(): Promise<void> {
    for (const resource of this.#held.toReversed()) await resource.release()
  }

  #forget(resource: Resource<unknown>, what: 'released' | 'disowned'): void {
    const index = this.#held.indexOf(resource)
    if (index === -1) return
    this.#held.splice(index, 1)
    this.#log.push({ what, record: resource.record })
  }
}
