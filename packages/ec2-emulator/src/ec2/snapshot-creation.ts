import type { Snapshot } from '../aws-sdk.ts'
import type { Call } from '../operation.ts'
import type { Region, SnapshotResource } from '../state/region.ts'
import { noPermissions } from '../state/region.ts'

/** What a new snapshot is. */
export interface NewSnapshot {
  readonly data: Snapshot
  readonly tags: ReadonlyMap<string, string>
  readonly rootDisk: string | undefined
}

/** Adds a snapshot that is not complete yet to a region. */
export function takeSnapshot(region: Region, { data, tags, rootDisk }: NewSnapshot, { world }: Pick<Call, 'world'>): SnapshotResource {
  const now = world.now()
  const common = { OwnerId: world.account, State: 'pending', Progress: '0%', StartTime: new Date(now), StorageTier: 'standard' } as const
  const snapshot = world.create(region, region.snapshots.names, { data: { ...common, ...data }, tags })
  snapshot.data.SnapshotId = snapshot.id
  return region.snapshots.add({ ...snapshot, permissions: noPermissions(), rootDisk, span: { startedAt: now, due: now } })
}

/** Lets a snapshot of its own become complete when its time has passed. */
export function finishSnapshot(snapshot: SnapshotResource, delay: number, { world }: Pick<Call, 'world'>): void {
  Object.assign(snapshot.span, { startedAt: world.now(), due: world.now() + delay })
  world.later(delay, () => {
    Object.assign(snapshot.data, { State: 'completed', Progress: '100%', CompletionTime: new Date(world.now()) })
  })
}

/** How far a snapshot is, for people. */
export function progressOf({ data, span: { startedAt, due } }: SnapshotResource, now: number): string {
  if (data.State !== 'pending') return data.Progress ?? '100%'
  return `${due <= startedAt ? 0 : Math.min(99, Math.floor((100 * (now - startedAt)) / (due - startedAt)))}%`
}
