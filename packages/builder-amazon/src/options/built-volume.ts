import type { Issue } from '@imago/core'
import * as v from 'valibot'

import type { BlockDevice } from './block-device.ts'
import { deviceIssues, deviceName, volumeEntries } from './block-device.ts'
import type { LaunchOptions } from './launch.ts'
import type { SnapshotShareOptions } from './share.ts'
import { snapshotShareSchema } from './share.ts'
import type { TagGroup } from './tag-limits.ts'
import { tagCountIssues } from './tag-limits.ts'
import type { TagOptions } from './text.ts'
import { tagsSchema } from './text.ts'

/** A snapshot of a volume. */
export interface VolumeSnapshot {
  /** Packer: `snapshot_description`. @default says what it is of */
  readonly description?: string
  /** Packer: `snapshot_tags`. @default the volume's */
  readonly tags?: TagOptions
  /** Packer: `snapshot_users`, `snapshot_groups`. @default nobody else */
  readonly shareWith?: SnapshotShareOptions
}

/** A volume that the build fills. */
export interface BuiltVolume extends BlockDevice {
  /** Packer: `tags`. @default none */
  readonly tags?: TagOptions
  /** Whether the volume goes with the instance, so that only its snapshot stays. @default false */
  readonly deleteOnTermination?: boolean
  /** Also make a snapshot of it. Packer: `snapshot_volume`. @default none */
  readonly snapshot?: VolumeSnapshot
}

/** The schema of a {@link BuiltVolume}. */
export const builtVolumeSchema: v.GenericSchema = v.strictObject({
  device: deviceName,
  ...volumeEntries,
  tags: v.optional(tagsSchema),
  snapshot: v.optional(
    v.strictObject({
      description: v.optional(v.pipe(v.string(), v.maxLength(255, 'must be 255 characters at most'))),
      tags: v.optional(tagsSchema),
      shareWith: v.optional(snapshotShareSchema),
    }),
  ),
})

/** Options of an instance that has the volumes attached. */
export function withVolumes<O extends { readonly launch?: LaunchOptions }>(options: O, volumes: readonly BuiltVolume[]): O {
  const devices = volumes.map(({ tags: _tags, snapshot: _snapshot, ...device }) => ({
    ...device,
    deleteOnTermination: device.deleteOnTermination ?? false,
  }))
  return { ...options, launch: { ...options.launch, blockDevices: [...(options.launch?.blockDevices ?? []), ...devices] } }
}

/** What options of the volumes mean together, and with those of the launch. */
export function builtVolumesIssues(volumes: readonly BuiltVolume[], launch: LaunchOptions | undefined): readonly Issue[] {
  const launched = launch?.blockDevices?.map(({ device }) => device) ?? []
  const own = volumes.flatMap((volume, index): readonly Issue[] => {
    const issues: Issue[] = []
    if (volume.size === undefined && volume.snapshotId === undefined) {
      issues.push({ path: ['volumes', index, 'size'], message: "is required without 'snapshotId'" })
    }
    if (volume.deleteOnTermination === true && volume.snapshot === undefined) {
      issues.push({ path: ['volumes', index, 'deleteOnTermination'], message: "needs a 'snapshot' beside it: nothing would be left" })
    }
    if (launched.includes(volume.device)) {
      issues.push({ path: ['volumes', index, 'device'], message: `'${volume.device}' stands in launch.blockDevices, too` })
    }
    const share = volume.snapshot?.shareWith
    if (share !== undefined && volume.encrypted === true && volume.kmsKey === undefined) {
      const message = "needs a 'kmsKey': what is encrypted with the account's default key cannot be shared"
      issues.push({ path: ['volumes', index, 'snapshot', 'shareWith'], message })
    }
    return issues
  })
  return [...deviceIssues(volumes, ['volumes']), ...own, ...tagCountIssues(builtVolumeTags(volumes, launch))]
}

/** All tags of the volumes and of their snapshots. */
export function builtVolumeTags(volumes: readonly BuiltVolume[], launch: LaunchOptions | undefined): readonly TagGroup[] {
  return volumes.flatMap(({ tags, snapshot }, index) => [
    { path: ['volumes', index, 'tags'], tags, beside: [launch?.tags, launch?.volumeTags] },
    { path: ['volumes', index, 'snapshot', 'tags'], tags: snapshot?.tags },
  ])
}
