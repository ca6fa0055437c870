import type { Facts } from '@imago/core'

import type { Instance } from '../aws/instances.ts'
import { expiryTag, nameTag, ownerTag } from '../aws/own.ts'
import { tagList } from '../aws/tags.ts'
import type { Job } from '../job.ts'
import { resolveTags } from '../job.ts'
import type { BuiltVolume } from '../options/built-volume.ts'
import type { OwnedSnapshot } from './create-snapshot.ts'
import { createSnapshot } from './create-snapshot.ts'
import { shareSnapshot } from './finish-image.ts'
import { volumeOf } from './swap-root.ts'

/** What became of a volume. */
export interface VolumeResult {
  readonly device: string
  /** Absent when the volume went with its instance. */
  readonly volumeId?: string
  /** Absent when no snapshot was wanted. */
  readonly snapshotId?: string
}

/** A volume with its snapshot, which are the build's until they are handed over. */
export interface OwnedVolume {
  readonly volume: BuiltVolume
  readonly volumeId: string
  readonly snapshot: OwnedSnapshot | undefined
}

/** Makes the volume's snapshot, where one is wanted. */
export async function snapshotVolume(job: Job, instance: Instance, volume: BuiltVolume, facts: Facts): Promise<OwnedVolume> {
  const { aws, ctx } = job
  const { device, snapshot } = volume
  const volumeId = volumeOf(instance, device)
  if (snapshot === undefined) return { volume, volumeId, snapshot }
  const made = await createSnapshot(job, {
    volumeId,
    what: `snapshot-${device.replaceAll('/', '-')}`,
    description: snapshot.description ?? `${device} of ${ctx.image} ${ctx.build}`,
    tags: resolveTags(snapshot.tags ?? volume.tags, facts),
  })
  if (snapshot.shareWith !== undefined) await shareSnapshot(aws, snapshot.shareWith, made.snapshotId, ctx)
  return { volume, volumeId, snapshot: made }
}

/** Makes a volume and its snapshot the user's. */
export async function handOverVolume({ aws, ctx }: Job, { volume, volumeId, snapshot }: OwnedVolume, facts: Facts): Promise<VolumeResult> {
  const { device, tags, deleteOnTermination = false } = volume
  if (!deleteOnTermination) {
    const given = tagList({ Name: `${ctx.image} ${ctx.build}`, ...resolveTags(tags, facts) })
    await aws.call('CreateTags', { Resources: [volumeId], Tags: given }, ctx)
    await aws.call('DeleteTags', { Resources: [volumeId], Tags: [ownerTag, expiryTag, nameTag].map((Key) => ({ Key })) }, ctx)
  }
  if (snapshot !== undefined) {
    await aws.call('DeleteTags', { Resources: [snapshot.snapshotId], Tags: [ownerTag, expiryTag].map((Key) => ({ Key })) }, ctx)
    await snapshot.resource.disown()
  }
  return { device, ...(!deleteOnTermination && { volumeId }), ...(snapshot !== undefined && { snapshotId: snapshot.snapshotId }) }
}
