import { messageOf } from '@imago/core'

import { apiError } from '../api-error.ts'
import type { BlockDeviceMapping, Ec2Api, Image, Snapshot } from '../aws-sdk.ts'
import { strikesIn } from '../faults.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call, Ec2Operations } from '../operation.ts'
import type { ImageResource, InstanceResource, Region, SnapshotResource } from '../state/region.ts'
import { noPermissions } from '../state/region.ts'
import { readTagSpecifications } from '../state/tags.ts'
import type { World } from '../state/world.ts'
import { checkImageMappings, mergeMappings } from './block-devices.ts'
import { checkImageName } from './images.ts'
import { stateOf } from './instance-lifecycle.ts'
import { takeSnapshot } from './snapshot-creation.ts'

type CreateInput = Ec2Api['CreateImage']['input']

/** Images from instances. */
export const imageCreationOperations: Ec2Operations<'CreateImage'> = {
  CreateImage: {
    check(input, call) {
      checkImageName(input.Name, call)
      readTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
      checkImageMappings(input.BlockDeviceMappings)
      mappingsOf(requireImageable(input, call), input, call)
    },
    run(input, call) {
      const { world, region } = call
      const instance = requireImageable(input, call)
      const tags = readTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
      const image = addImage(region, imageData(instance, input, call), tags('image'), call)
      const disk = saveDisk(instance, input, call)
      const snapshots: SnapshotResource[] = []
      image.data.BlockDeviceMappings = mappingsOf(instance, input, call).map((mapping) => {
        const snapshot = snapshotOf(mapping, image, tags('snapshot'), call)
        if (snapshot === undefined) return mapping
        snapshots.push(snapshot)
        const { VolumeType, Iops, Throughput, DeleteOnTermination } = mapping.Ebs ?? {}
        const { VolumeSize, Encrypted, KmsKeyId } = snapshot.data
        const Ebs = { SnapshotId: snapshot.id, VolumeSize, VolumeType, Iops, Throughput, DeleteOnTermination, Encrypted, KmsKeyId }
        return { DeviceName: mapping.DeviceName, Ebs }
      })
      const root = snapshots.find(({ id }) => id === rootSnapshotId(image.data))
      finishImage({ image, snapshots, region, delay: world.delays.image, operation: 'CreateImage' }, disk, call)
      void disk.then(
        (name) => {
          image.rootDisk = name
          if (root !== undefined) root.rootDisk = name
        },
        () => undefined,
      )
      return { ImageId: image.id }
    },
  },
}

function requireImageable({ InstanceId = '' }: CreateInput, { region, now }: Call): InstanceResource {
  const instance = region.instances.require(InstanceId, now)
  const state = stateOf(instance)
  if (state === 'running' || state === 'stopped') return instance
  if (state === 'terminated' || state === 'shutting-down') {
    throw apiError(
      'IncorrectInstanceState',
      `The instance '${InstanceId}' is not in a state from which an image can be made. It is ${state}.`,
    )
  }
  throw apiError('InvalidParameterValue', "Instance is not in state 'running' or 'stopped'")
}

/** Asks the guest for its disk: a running machine is rebooted for it, unless the request says that it must not be. */
async function saveDisk(instance: InstanceResource, { NoReboot = false }: CreateInput, { world }: Call): Promise<string | undefined> {
  const reboots = stateOf(instance) === 'running' && !NoReboot
  const disk = await world.guests.saveDisk(instance.id)
  if (reboots) world.guests.reboot(instance.id).catch(() => undefined) // it may have been terminated meanwhile
  return disk
}

function imageData({ data }: InstanceResource, { Name, Description = '' }: CreateInput, { world, region, now }: Call): Image {
  const source = region.images.find(data.ImageId ?? '')?.data
  return {
    Name,
    Description,
    OwnerId: world.account,
    ImageLocation: `${world.account}/${Name}`,
    ImageType: 'machine',
    State: 'pending',
    Public: false,
    Architecture: data.Architecture,
    Platform: data.Platform,
    PlatformDetails: data.PlatformDetails,
    UsageOperation: source?.UsageOperation,
    CreationDate: new Date(now).toISOString(),
    RootDeviceName: data.RootDeviceName,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: data.EnaSupport,
    SriovNetSupport: data.SriovNetSupport,
    BootMode: data.BootMode,
    ImdsSupport: source?.ImdsSupport,
    SourceInstanceId: data.InstanceId,
    SourceImageId: data.ImageId,
    SourceImageRegion: region.name,
  }
}

/** The volumes of an instance, with the changes of a request. */
function mappingsOf({ data }: InstanceResource, { BlockDeviceMappings }: CreateInput, call: Call): readonly BlockDeviceMapping[] {
  const attached = (data.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }): BlockDeviceMapping => {
    const volume = call.region.volumes.find(Ebs?.VolumeId ?? '')?.data
    const { Size, VolumeType, Iops, Throughput, Encrypted, KmsKeyId } = volume ?? {}
    return {
      DeviceName,
      Ebs: {
        VolumeSize: Size,
        VolumeType,
        Iops: VolumeType === 'gp2' ? undefined : Iops,
        Throughput,
        Encrypted,
        KmsKeyId,
        DeleteOnTermination: Ebs?.DeleteOnTermination,
      },
    }
  })
  return mergeMappings(attached, BlockDeviceMappings, call)
}

/** A snapshot of the volume behind a mapping; `undefined` where there is none, or a snapshot already. */
function snapshotOf(
  { DeviceName, Ebs }: BlockDeviceMapping,
  image: ImageResource,
  tags: ReadonlyMap<string, string>,
  call: Call,
): SnapshotResource | undefined {
  if (Ebs === undefined || Ebs.SnapshotId !== undefined) return undefined
  const { region } = call
  const volume = region.volumes.all().find(({ data }) => {
    return data.Attachments?.some((attachment) => attachment.Device === DeviceName && attachment.InstanceId === image.data.SourceInstanceId)
  })
  if (volume === undefined) return undefined // it will be a new one, and empty
  const description = `Created by CreateImage(${image.data.SourceInstanceId}) for ${image.id}`
  const data: Snapshot = {
    Description: description,
    VolumeId: volume.id,
    VolumeSize: Ebs.VolumeSize,
    Encrypted: Ebs.Encrypted ?? false,
    KmsKeyId: Ebs.Encrypted === true ? encryptionKey(Ebs.KmsKeyId, call) : undefined,
  }
  return takeSnapshot(region, { data, tags, rootDisk: undefined }, call)
}

/** The snapshot that an image boots from. */
export function rootSnapshotId({ BlockDeviceMappings, RootDeviceName }: Image): string | undefined {
  return BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)?.Ebs?.SnapshotId
}

/** Adds a new image to a region. */
export function addImage(
  region: Region,
  data: Image,
  tags: ReadonlyMap<string, string>,
  { world }: { readonly world: World },
): ImageResource {
  const image = world.create(region, region.images.names, { data, tags })
  image.data.ImageId = image.id
  return region.images.add({ ...image, launchPermissions: noPermissions(), rootDisk: undefined, fastLaunch: undefined })
}

/** An image that is being made. */
export interface PendingImage {
  readonly image: ImageResource
  readonly snapshots: readonly SnapshotResource[]
  readonly region: Region
  /** Milliseconds. */
  readonly delay: number
  readonly operation: 'CreateImage' | 'CopyImage'
}

/** Lets an image become available with its snapshots, when its time has passed and the work behind it is done; or lets it fail. */
export function finishImage({ image, snapshots, region, delay, operation }: PendingImage, work: Promise<unknown>, { world }: Call): void {
  const isMeant = (fault: { readonly region?: string; readonly name?: string; readonly operation?: string }): boolean =>
    strikesIn(fault, region.name) &&
    (fault.name === undefined || fault.name === image.data.Name) &&
    (fault.operation === undefined || fault.operation === operation)
  const failure = world.faults.strike('image-failed', isMeant)
  const slowness = world.faults.strike('slow-image', isMeant)?.ms ?? 0
  const due = world.now() + delay + slowness
  const startedAt = world.now()
  for (const { span } of snapshots) Object.assign(span, { startedAt, due })
  const fail = (reason: string): void => {
    image.data.State = 'failed'
    image.data.StateReason = { Code: 'Server.InternalError', Message: reason }
    for (const { data } of snapshots) Object.assign(data, { State: 'error', StateMessage: reason, Progress: '0%' })
  }
  work.then(
    () =>
      world.later(Math.max(0, due - world.now()), () => {
        if (failure !== undefined) {
          fail(failure.reason ?? 'Server.InternalError: Internal error on image creation')
          return
        }
        image.data.State = 'available'
        for (const { data } of snapshots)
          Object.assign(data, { State: 'completed', Progress: '100%', CompletionTime: new Date(world.now()) })
      }),
    (error: unknown) => fail(messageOf(error)),
  )
}
