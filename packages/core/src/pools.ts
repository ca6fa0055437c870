import type { LimitFunction } from 'p-limit'
import pLimit from 'p-limit'

import type { Builder } from './component.ts'

/** Lets only so many builds of a provider run at a time. */
export class Pools {
  readonly #limits: Readonly<Record<string, number>>
  readonly #pools = new Map<string, LimitFunction>()

  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = limits
  }

  /** Runs some work when its pool has room for it. */
  run<T>(pool: Builder['pool'], work: () => Promise<T>): Promise<T> {
    if (pool === undefined) return work()
    const limit =
      this.#pools.get(pool.name) ?? pLimit(Object.hasOwn(this.#limits, pool.name) ? (this.#limits[pool.name] ?? pool.limit) : pool.limit)
    this.#pools.set(pool.name, limit)
    return limit(work)
  }
}
