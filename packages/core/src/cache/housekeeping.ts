import type { Snapshots } from '../component.ts'
import type { Duration } from '../duration.ts'
import { milliseconds } from '../duration.ts'
import type { ErrorJson } from '../error.ts'
import { abortError, errorToJson, ImagoError } from '../error.ts'
import { isOwnerAlive } from '../process-owner.ts'
import type { Plugin } from '../resources.ts'
import type { CachedSnapshot } from './cache-store.ts'
import { CacheStore } from './cache-store.ts'

/** The snapshots of a cache and how they are removed. */
export interface PruneOptions {
  /** Where the cache is. @default `.imago` in the current folder */
  readonly stateDirectory?: string
  /** Of the packages whose builders make snapshots. */
  readonly plugins: readonly Plugin[]
  /** Remove those that were not used for longest, until the others are no larger. Bytes. @default 0, or no limit beside `olderThan` */
  readonly keepBytes?: number
  /** Remove those that were not used for so long. */
  readonly olderThan?: Duration
  /** Say what would be removed and remove nothing. @default false */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

/** What became of a snapshot. */
export interface PrunedSnapshot {
  readonly snapshot: CachedSnapshot
  readonly outcome: 'removed' | 'would-remove' | 'failed'
  readonly error?: ErrorJson
}

/** The snapshots of the cache in a state directory, the one that was not used for longest first. */
export async function cachedSnapshots(stateDirectory = '.imago'): Promise<readonly CachedSnapshot[]> {
  return await new CacheStore(stateDirectory).snapshots()
}

/** Removes snapshots. Those that a running build uses or makes stay. */
export async function pruneCache(options: PruneOptions): Promise<readonly PrunedSnapshot[]> {
  const { stateDirectory = '.imago', plugins, olderThan, keepBytes = olderThan === undefined ? 0 : Infinity } = options
  const homes = new Map(plugins.flatMap(({ snapshots }) => Object.entries(snapshots ?? {})))
  return await pruneStore(new CacheStore(stateDirectory), { ...options, homes, keepBytes })
}

/** Removes what killed runs have left in a cache: locks, and snapshots that they were making. Those that are complete stay. */
export async function tidyCache({ stateDirectory = '.imago', plugins, signal }: PruneOptions): Promise<void> {
  const store = new CacheStore(stateDirectory)
  await store.tidy()
  const homes = new Map(plugins.flatMap(({ snapshots }) => Object.entries(snapshots ?? {})))
  await pruneStore(store, { homes, keepBytes: Infinity, ...(signal && { signal }) })
}

/** What {@link pruneStore} takes. */
interface StorePruning extends Pick<PruneOptions, 'olderThan' | 'dryRun' | 'signal'> {
  /** Where snapshots are, by the type of their builder. */
  readonly homes: ReadonlyMap<string, Snapshots>
  readonly keepBytes: number
}

/** Does what {@link pruneCache} says, in an open cache. */
export async function pruneStore(store: CacheStore, options: StorePruning): Promise<readonly PrunedSnapshot[]> {
  const { signal = new AbortController().signal, dryRun = false } = options
  const pruned: PrunedSnapshot[] = []
  for (const snapshot of await unwanted(store, options)) {
    if (signal.aborted) throw abortError(signal)
    pruned.push(
      dryRun ? { snapshot, outcome: 'would-remove' } : await remove(store, snapshot, options.homes.get(snapshot.builderType), signal),
    )
  }
  return pruned
}

async function unwanted(store: CacheStore, { keepBytes, olderThan }: StorePruning): Promise<readonly CachedSnapshot[]> {
  const [all, leased] = await Promise.all([store.snapshots(), store.leased()])
  const isUsed = ({ key, making }: CachedSnapshot): boolean => leased.has(key) || (making !== undefined && isOwnerAlive(making) !== false)
  const limit = olderThan === undefined ? -Infinity : Date.now() - milliseconds(olderThan)
  let bytes = all.reduce((sum, snapshot) => sum + snapshot.bytes, 0)
  return all.filter((snapshot) => {
    const isUnfinished = snapshot.making !== undefined
    if (isUsed(snapshot) || (bytes <= keepBytes && Date.parse(snapshot.usedAt) >= limit && !isUnfinished)) return false
    bytes -= snapshot.bytes
    return true
  })
}

async function remove(
  store: CacheStore,
  snapshot: CachedSnapshot,
  home: Snapshots | undefined,
  signal: AbortSignal,
): Promise<PrunedSnapshot> {
  try {
    if (home === undefined) {
      throw new ImagoError('TOOL_MISSING', `no package is installed that removes snapshots of the builder '${snapshot.builderType}'`)
    }
    await home.remove(snapshot, { cacheDirectory: store.snapshotsOf(snapshot.builderType), signal })
    await store.forgetSnapshot(snapshot.key)
    return { snapshot, outcome: 'removed' }
  } catch (error) {
    return { snapshot, outcome: 'failed', error: errorToJson(error) }
  }
}
