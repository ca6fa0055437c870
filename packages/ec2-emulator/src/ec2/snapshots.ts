import { apiError } from '../api-error.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import { applyFilters } from '../state/filters.ts'
import { paginate } from '../state/pages.ts'
import type { SnapshotResource } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { dropUnusedDisk } from './unused-disks.ts'
import { finishSnapshot, progressOf, takeSnapshot } from './snapshot-creation.ts'

const filters: FilterFields<SnapshotResource> = {
  'snapshot-id': ({ id }) => id,
  description: ({ data }) => data.Description,
  encrypted: ({ data }) => data.Encrypted,
  'owner-id': ({ data }) => data.OwnerId,
  status: ({ data }) => data.State,
  'start-time': ({ data }) => data.StartTime,
  'volume-id': ({ data }) => data.VolumeId,
  'volume-size': ({ data }) => data.VolumeSize,
}

/** Snapshots of volumes. */
export const snapshotOperations: Ec2Operations<'CreateSnapshot' | 'DescribeSnapshots' | 'DeleteSnapshot'> = {
  CreateSnapshot: {
    check({ VolumeId = '', TagSpecifications }, { region, now }) {
      region.volumes.require(VolumeId, now)
      readTagSpecifications(TagSpecifications, ['snapshot'])
    },
    run({ VolumeId = '', Description = '', TagSpecifications }, call) {
      const { region, now, world } = call
      const { data: volume, rootDisk } = region.volumes.require(VolumeId, now)
      const { Size: VolumeSize, Encrypted, KmsKeyId } = volume
      const tags = readTagSpecifications(TagSpecifications, ['snapshot'])('snapshot')
      const data = { VolumeId, VolumeSize, Encrypted, KmsKeyId, Description }
      const snapshot = takeSnapshot(region, { data, tags, rootDisk }, call)
      const [attachment] = volume.Attachments ?? []
      const instance = attachment === undefined ? undefined : region.instances.find(attachment.InstanceId ?? '')
      if (instance !== undefined && instance.data.RootDeviceName === attachment?.Device) {
        void world.guests.saveDisk(instance.id).then(
          (disk) => (snapshot.rootDisk = disk),
          () => undefined,
        )
      }
      finishSnapshot(snapshot, world.delays.snapshot, call)
      return view(snapshot)
    },
  },
  DescribeSnapshots: {
    run({ SnapshotIds, OwnerIds = [], RestorableByUserIds = [], Filters, ...page }, { world, region, now }) {
      const { items } = describe(world, region.snapshots, { ids: SnapshotIds, filters: undefined, fields: filters })
      const meant = items.filter(({ data, permissions: { users, groups } }) => {
        const isSeen = data.OwnerId === world.account || users.has(world.account) || groups.has('all')
        const isOwned = OwnerIds.length === 0 || OwnerIds.some((owner) => (owner === 'self' ? world.account : owner) === data.OwnerId)
        const isRestorable = RestorableByUserIds.length === 0 || isSeen
        return isSeen && isOwned && isRestorable
      })
      const shown = paginate(applyFilters(meant, Filters, filters), page, SnapshotIds)
      const Snapshots = shown.items.map((snapshot) => ({ ...view(snapshot), Progress: progressOf(snapshot, now) }))
      return { Snapshots, NextToken: shown.nextToken }
    },
  },
  DeleteSnapshot: {
    check: ({ SnapshotId = '' }, call) => requireUnused(SnapshotId, call),
    run({ SnapshotId = '' }, { world, region, now }) {
      const { rootDisk } = region.snapshots.require(SnapshotId, now)
      region.snapshots.remove(SnapshotId)
      dropUnusedDisk(world, rootDisk)
      return {}
    },
  },
}

function requireUnused(id: string, { region, world, now }: Call): void {
  const snapshot = region.snapshots.require(id, now)
  if (snapshot.data.OwnerId !== world.account) throw apiError('UnauthorizedOperation', 'You are not authorized to perform this operation.')
  const image = region.images.all().find(({ data }) => data.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.SnapshotId === id))
  if (image !== undefined) throw apiError('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${image.id}`)
}
