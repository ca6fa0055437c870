import { apiError } from '../api-error.ts'

/** What everything in a region has. */
export interface Resource<Data extends object = object> {
  readonly id: string
  readonly tags: Map<string, string>
  /** There from the start: not a client's doing, and never left over. */
  readonly seeded: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Until then no call finds it by describing (eventual consistency). Milliseconds since 1970. */
  visibleAt: number
  /** As the API describes it, without its tags. */
  data: Data
}

/** What one kind of thing is called. */
export interface ResourceNames {
  /** As tag specifications name it: `instance`. */
  readonly kind: string
  /** `InvalidInstanceID.NotFound` */
  readonly notFound: string
  /** `InvalidInstanceID.Malformed`; `undefined` where the API has no such code. */
  readonly malformed?: string
  /** For one that was removed; `undefined` where the API does not remember. `InvalidAMIID.Unavailable` */
  readonly removed?: string
  /** `i-` */
  readonly prefix: string
  /** In messages: `The instance ID`. */
  readonly title: string
}

/** The things of one kind in a region, in the order of their creation. */
export class Table<R extends Resource> {
  readonly names: ResourceNames
  readonly #rows = new Map<string, R>()
  readonly #removed = new Set<string>()

  constructor(names: ResourceNames) {
    this.names = names
  }

  add(row: R): R {
    this.#rows.set(row.id, row)
    return row
  }

  remove(id: string): void {
    if (this.#rows.delete(id)) this.#removed.add(id)
  }

  /** Whatever has this id, or nothing. */
  find(id: string): R | undefined {
    return this.#rows.get(id)
  }

  all(): readonly R[] {
    return [...this.#rows.values()]
  }

  /** @throws ApiError when there is none, or it cannot be seen yet */
  require(id: string, now: number): R {
    const { malformed, prefix, notFound, removed, title } = this.names
    if (malformed !== undefined && !(id.startsWith(prefix) && /^[0-9a-f]{8}(?:[0-9a-f]{9})?$/.test(id.slice(prefix.length)))) {
      throw apiError(malformed, `Invalid id: "${id}"`)
    }
    const row = this.#rows.get(id)
    if (removed !== undefined && this.#removed.has(id)) throw apiError(removed, `${title} '${id}' is no longer available`)
    if (row === undefined || row.visibleAt > now) throw apiError(notFound, `${title} '${id}' does not exist`)
    return row
  }
}

/** Data that no table keeps, in the form that filters take. */
export function unlisted<Data extends object>(data: Data): Resource<Data> {
  return { id: '', tags: new Map(), seeded: true, createdAt: 0, visibleAt: 0, data }
}
