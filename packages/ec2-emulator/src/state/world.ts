import { randomBytes } from 'node:crypto'

import { apiError } from '../api-error.ts'
import type { Delays } from '../emulator-options.ts'
import type { Faults } from '../faults.ts'
import { strikesIn } from '../faults.ts'
import type { Guests } from '../guests/guests.ts'
import { IamState } from '../iam/iam-state.ts'
import { ObjectStore } from '../s3/object-store.ts'
import type { Session } from '../sts/sessions.ts'
import type { Region } from './region.ts'
import type { Resource, ResourceNames, Table } from './table.ts'

/** What a new thing starts with. */
export interface NewResource<Data extends object> {
  readonly data: Data
  readonly tags?: ReadonlyMap<string, string>
  /** @default made up */
  readonly id?: string
  /** @default false */
  readonly seeded?: boolean
}

/** How a world is set up. */
export interface WorldOptions {
  readonly account: string
  readonly delays: Delays
  readonly faults: Faults
  readonly guests: Guests
  /** That of administrators of Windows; `undefined` where each has another one. */
  readonly windowsPassword: string | undefined
}

/** An account with all its regions, and the passing of time in it. */
export class World {
  readonly account: string
  readonly delays: Delays
  readonly faults: Faults
  readonly guests: Guests
  readonly windowsPassword: string | undefined
  readonly regions: Map<string, Region> = new Map<string, Region>()
  readonly iam: IamState = new IamState()
  readonly objects: ObjectStore = new ObjectStore()
  /** By access key. */
  readonly sessions: Map<string, Session> = new Map()
  /** Access keys that are worth nothing any more. */
  readonly expiredKeys: Set<string> = new Set<string>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor({ account, delays, faults, guests, windowsPassword }: WorldOptions) {
    this.account = account
    this.delays = delays
    this.faults = faults
    this.guests = guests
    this.windowsPassword = windowsPassword
  }

  /** Milliseconds since 1970, by the endpoint's own clock. */
  now(): number {
    return Date.now() + this.faults.clockSkew()
  }

  /** @throws ApiError when there is no such region */
  region(name: string): Region {
    const region = this.regions.get(name)
    if (region === undefined) throw apiError('AuthFailure', `Credential should be scoped to a valid region, not '${name}'.`, 401)
    return region
  }

  /** Does something later, unless the world has ended by then. */
  later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, ms)
    timer.unref()
    this.#timers.add(timer)
  }

  /** A thing that does not exist yet; the caller adds it to its table. */
  create<Data extends object>(region: Region, names: ResourceNames, { data, tags, id, seeded = false }: NewResource<Data>): Resource<Data> {
    const now = this.now()
    const visibleAt = seeded ? 0 : now + this.invisibleFor(names.kind, region.name)
    return { id: id ?? newId(names.prefix), tags: new Map(tags), seeded, createdAt: now, visibleAt, data }
  }

  /** For how many milliseconds a new thing of this kind cannot be seen. */
  invisibleFor(kind: string, region: string): number {
    const isMeant = ({ resource = kind, ...fault }: { readonly resource?: string; readonly region?: string }): boolean =>
      resource === kind && strikesIn(fault, region)
    return this.faults.strike('invisible', isMeant)?.ms ?? 0
  }

  /** Those of a table that can be seen. */
  visible<R extends Resource>(table: Table<R>): readonly R[] {
    const now = this.now()
    return table.all().filter(({ visibleAt }) => visibleAt <= now)
  }

  /** Nothing happens any more. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}

/** `i-0123456789abcdef0`: 17 hexadecimal digits, the first of them 0, as at Amazon. */
export function newId(prefix: string): string {
  return `${prefix}0${randomBytes(8).toString('hex')}`
}
