import type { LimitFunction } from 'p-limit'
import pLimit from 'p-limit'

import type { Builder } from './component.ts'
import { nameHint } from './did-you-mean.ts'
import { formatIssues, ImagoError } from './error.ts'

/** What a builder says of its pool. */
type Pooled = Pick<Builder, 'type' | 'pool'>

/** Lets only so many builds of a provider run at a time. */
export class Pools {
  readonly #limits: Readonly<Record<string, number>>
  readonly #pools = new Map<string, LimitFunction>()

  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = limits
  }

  /** Runs some work when the builder's pool has room for it. */
  run<T>(builder: Pooled, work: () => Promise<T>): Promise<T> {
    const name = poolName(builder)
    const most = Object.hasOwn(this.#limits, name) ? this.#limits[name] : builder.pool?.limit
    if (most === undefined) return work()
    const limit = this.#pools.get(name) ?? pLimit(most)
    this.#pools.set(name, limit)
    return limit(work)
  }
}

/** @throws ImagoError `USAGE` when a limit is for a pool that none of the builders is in */
export function checkPools(limits: Readonly<Record<string, number>>, builders: readonly Pooled[]): void {
  const known = [...new Set(builders.map(poolName))]
  const issues = Object.keys(limits)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: ['pools', name], message: 'no build is in this pool', hint: nameHint(name, known) }))
  if (issues.length > 0) throw new ImagoError('USAGE', `the options of the run are wrong:\n${formatIssues(issues)}`, { issues })
}

/** Builders without a pool of their own are in one with all of their type. */
function poolName({ type, pool }: Pooled): string {
  return pool?.name ?? type
}
