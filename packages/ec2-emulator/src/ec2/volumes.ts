import { apiError } from '../api-error.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import { describe, view } from '../state/describe.ts'
import type { FilterFields } from '../state/filters.ts'
import type { VolumeResource } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import { checkEbs } from './block-devices.ts'
import { stateOf } from './instance-lifecycle.ts'

const filters: FilterFields<VolumeResource> = {
  'volume-id': ({ id }) => id,
  'attachment.instance-id': ({ data }) => data.Attachments?.map(({ InstanceId }) => InstanceId),
  'attachment.device': ({ data }) => data.Attachments?.map(({ Device }) => Device),
  'attachment.delete-on-termination': ({ data }) => data.Attachments?.map(({ DeleteOnTermination }) => DeleteOnTermination),
  'attachment.status': ({ data }) => data.Attachments?.map(({ State }) => State),
  'availability-zone': ({ data }) => data.AvailabilityZone,
  encrypted: ({ data }) => data.Encrypted,
  size: ({ data }) => data.Size,
  'snapshot-id': ({ data }) => data.SnapshotId,
  status: ({ data }) => data.State,
  'volume-type': ({ data }) => data.VolumeType,
}

/** Volumes. */
export const volumeOperations: Ec2Operations<'CreateVolume' | 'DescribeVolumes' | 'DeleteVolume' | 'AttachVolume' | 'DetachVolume'> = {
  CreateVolume: {
    check({ AvailabilityZone: zone = '', Size, TagSpecifications, ...ebs }, call) {
      if (!call.region.zones.includes(zone)) throw apiError('InvalidZone.NotFound', `The zone '${zone}' does not exist.`)
      readTagSpecifications(TagSpecifications, ['volume'])
      checkEbs('the volume', { ...ebs, VolumeSize: Size }, call)
    },
    run(
      { AvailabilityZone, Size, SnapshotId = '', VolumeType = 'gp2', Encrypted = false, KmsKeyId, Iops, Throughput, TagSpecifications },
      call,
    ) {
      const { world, region, now } = call
      const source = region.snapshots.find(SnapshotId)
      const isEncrypted = Encrypted || source?.data.Encrypted === true
      const created = world.create(region, region.volumes.names, {
        tags: readTagSpecifications(TagSpecifications, ['volume'])('volume'),
        data: {
          AvailabilityZone,
          Size: Size ?? source?.data.VolumeSize,
          SnapshotId,
          VolumeType,
          Iops,
          Throughput,
          Encrypted: isEncrypted,
          KmsKeyId: isEncrypted ? encryptionKey(KmsKeyId, call) : undefined,
          State: 'creating' as const,
          CreateTime: new Date(now),
          Attachments: [],
          MultiAttachEnabled: false,
        },
      })
      const volume = region.volumes.add({ ...created, rootDisk: source?.rootDisk })
      volume.data.VolumeId = volume.id
      world.later(world.delays.volume, () => {
        volume.data.State = 'available'
      })
      return view(volume)
    },
  },
  DescribeVolumes: {
    run({ VolumeIds, Filters, ...page }, { world, region }) {
      const { items, nextToken } = describe(world, region.volumes, { ids: VolumeIds, filters: Filters, fields: filters, ...page })
      return { Volumes: items.map(view), NextToken: nextToken }
    },
  },
  DeleteVolume: {
    check: ({ VolumeId = '' }, call) => void requireState(VolumeId, ['available', 'error'], call),
    run({ VolumeId = '' }, { region }) {
      region.volumes.remove(VolumeId)
      return {}
    },
  },
  AttachVolume: {
    check({ VolumeId = '', InstanceId = '', Device = '' }, call) {
      const volume = requireState(VolumeId, ['available'], call)
      const instance = call.region.instances.require(InstanceId, call.now)
      const state = stateOf(instance)
      if (state !== 'running' && state !== 'stopped')
        throw apiError('IncorrectState', `Instance '${InstanceId}' is not 'running' or 'stopped'.`)
      if (instance.data.Placement?.AvailabilityZone !== volume.data.AvailabilityZone) {
        throw apiError(
          'InvalidVolume.ZoneMismatch',
          `The volume '${VolumeId}' is not in the same availability zone as instance '${InstanceId}'`,
        )
      }
      if (instance.data.BlockDeviceMappings?.some(({ DeviceName }) => DeviceName === Device) === true) {
        throw apiError('InvalidParameterValue', `Invalid value '${Device}' for unixDevice. Attachment point ${Device} is already in use`)
      }
    },
    run({ VolumeId = '', InstanceId = '', Device = '' }, { world, region, now }) {
      const volume = region.volumes.require(VolumeId, now)
      const instance = region.instances.require(InstanceId, now)
      const AttachTime = new Date(now)
      const attachment = { VolumeId, InstanceId, Device, State: 'attaching' as const, AttachTime, DeleteOnTermination: false }
      Object.assign(volume.data, { State: 'in-use', Attachments: [attachment] })
      const mapping = { DeviceName: Device, Ebs: { VolumeId, Status: 'attached' as const, AttachTime, DeleteOnTermination: false } }
      instance.data.BlockDeviceMappings = [...(instance.data.BlockDeviceMappings ?? []), mapping]
      world.later(world.delays.volume, () => {
        volume.data.Attachments = [{ ...attachment, State: 'attached' }]
      })
      return attachment
    },
  },
  DetachVolume: {
    check: ({ VolumeId = '' }, call) => void requireState(VolumeId, ['in-use'], call),
    run({ VolumeId = '' }, { world, region, now }) {
      const volume = region.volumes.require(VolumeId, now)
      const [attachment] = volume.data.Attachments ?? []
      const detaching = { ...attachment, State: 'detaching' as const }
      volume.data.Attachments = [detaching]
      const instance = region.instances.find(attachment?.InstanceId ?? '')
      world.later(world.delays.volume, () => {
        Object.assign(volume.data, { State: 'available', Attachments: [] })
        if (instance === undefined) return
        instance.data.BlockDeviceMappings = instance.data.BlockDeviceMappings?.filter(({ Ebs }) => Ebs?.VolumeId !== VolumeId)
      })
      return detaching
    },
  },
}

function requireState(id: string, states: readonly string[], { region, now }: Call): VolumeResource {
  const volume = region.volumes.require(id, now)
  const { State: state = '' } = volume.data
  if (states.includes(state)) return volume
  if (state === 'in-use') throw apiError('VolumeInUse', `Volume ${id} is currently attached to ${volume.data.Attachments?.[0]?.InstanceId}`)
  throw apiError('IncorrectState', `The volume '${id}' is '${state}', not '${states.join("' or '")}'.`)
}
