import { apiError } from '../api-error.ts'
import type { BlockDeviceMapping, EbsBlockDevice } from '../aws-sdk.ts'
import { encryptionKey } from '../kms/keys.ts'
import type { Call } from '../operation.ts'
import type { ImageResource, InstanceResource, VolumeResource } from '../state/region.ts'

/** Which I/O rates and sizes (GiB) kinds of volumes can have. */
const volumeTypes: Readonly<
  Record<string, { readonly size: readonly [number, number]; readonly iops?: readonly [number, number]; readonly perGiB?: number }>
> = {
  standard: { size: [1, 1024] },
  gp2: { size: [1, 16_384] },
  gp3: { size: [1, 65_536], iops: [3000, 80_000], perGiB: 500 },
  io1: { size: [4, 16_384], iops: [100, 64_000], perGiB: 50 },
  io2: { size: [4, 65_536], iops: [100, 256_000], perGiB: 1000 },
  st1: { size: [125, 16_384] },
  sc1: { size: [125, 16_384] },
}

/**
 * The mappings of an image with those of a request in their place.
 * @throws ApiError `InvalidBlockDeviceMapping`, `InvalidParameterCombination`, `InvalidSnapshot.NotFound`
 */
export function mergeMappings(
  base: readonly BlockDeviceMapping[],
  changes: readonly BlockDeviceMapping[] | undefined,
  call: Call,
): readonly BlockDeviceMapping[] {
  const merged = new Map(base.map((mapping) => [mapping.DeviceName, mapping]))
  for (const change of changes ?? []) {
    if (change.DeviceName === undefined) throw apiError('MissingParameter', 'The request must contain the parameter DeviceName')
    const old = merged.get(change.DeviceName)
    if (change.NoDevice !== undefined) merged.delete(change.DeviceName)
    else merged.set(change.DeviceName, change.Ebs === undefined ? change : { ...change, Ebs: { ...old?.Ebs, ...defined(change.Ebs) } })
  }
  const mappings = [...merged.values()]
  for (const { DeviceName = '', Ebs } of mappings) if (Ebs !== undefined) checkEbs(DeviceName, Ebs, call)
  return mappings
}

function defined(ebs: EbsBlockDevice): EbsBlockDevice {
  return Object.fromEntries(Object.entries(ebs).filter(([, value]) => value !== undefined))
}

/** @throws ApiError `InvalidBlockDeviceMapping`, `InvalidParameterValue`, `InvalidParameterCombination` */
export function checkEbs(device: string, ebs: EbsBlockDevice, { region, now }: Call): void {
  const { SnapshotId, VolumeSize, VolumeType = 'gp2', Iops, Throughput, Encrypted, KmsKeyId } = ebs
  const source = SnapshotId === undefined ? undefined : region.snapshots.require(SnapshotId, now)
  const least = source?.data.VolumeSize
  const size = VolumeSize ?? least
  if (size === undefined)
    throw apiError('MissingParameter', `The request must contain the parameter size or snapshotId for device ${device}`)
  if (least !== undefined && size < least) {
    throw apiError(
      'InvalidBlockDeviceMapping',
      `Volume of size ${size}GB is smaller than snapshot '${SnapshotId}', expect size >= ${least}GB`,
    )
  }
  if (KmsKeyId !== undefined && Encrypted !== true) {
    throw apiError('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set to true.')
  }
  checkVolume({ size, type: VolumeType, iops: Iops, throughput: Throughput })
}

/**
 * What an image's mappings cannot have, though those of a launch can.
 * @throws ApiError `InvalidParameterCombination`, `InvalidBlockDeviceMapping`
 */
export function checkImageMappings(mappings: readonly BlockDeviceMapping[] = []): void {
  for (const { DeviceName = '', Ebs } of mappings) {
    if (Ebs?.KmsKeyId !== undefined) {
      throw apiError('InvalidParameterCombination', `The parameter KmsKeyId is not supported for device ${DeviceName} of an image`)
    }
    if (Ebs?.SnapshotId !== undefined && Ebs.Encrypted !== undefined) {
      throw apiError(
        'InvalidBlockDeviceMapping',
        `the encrypted flag cannot be specified since device ${DeviceName} has a snapshot specified.`,
      )
    }
  }
}

/** What a volume is asked to be. */
export interface VolumeFacts {
  /** GiB. */
  readonly size: number
  readonly type: string
  readonly iops: number | undefined
  /** MiB/s */
  readonly throughput: number | undefined
}

/** @throws ApiError `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter` */
export function checkVolume({ size, type, iops, throughput }: VolumeFacts): void {
  const kind = Object.hasOwn(volumeTypes, type) ? volumeTypes[type] : undefined
  if (kind === undefined) throw apiError('InvalidParameterValue', `Value (${type}) for parameter volumeType is invalid.`)
  const [least, most] = kind.size
  if (size < least || size > most)
    throw apiError('InvalidParameterValue', `Volume of ${size}GiB is invalid: ${type} volumes have ${least} to ${most} GiB.`)
  if (iops !== undefined) {
    if (kind.iops === undefined) throw apiError('InvalidParameterCombination', `The parameter iops is not supported for ${type} volumes.`)
    const [fewest, highest] = kind.iops
    if (iops < fewest || iops > highest)
      throw apiError('InvalidParameterValue', `Volume iops of ${iops} is not between ${fewest} and ${highest}.`)
    const ratio = kind.perGiB ?? Infinity
    if (iops > Math.max(size * ratio, fewest))
      throw apiError('InvalidParameterValue', `Iops to volume size ratio of ${iops / size} is too high; maximum is ${ratio}.`)
  } else if (type === 'io1' || type === 'io2') {
    throw apiError('MissingParameter', `The request must contain the parameter iops for ${type} volumes`)
  }
  if (throughput === undefined) return
  if (type !== 'gp3') throw apiError('InvalidParameterCombination', `The parameter throughput is not supported for ${type} volumes.`)
  if (throughput < 125 || throughput > 2000)
    throw apiError('InvalidParameterValue', `Throughput of ${throughput} MiB/s is not between 125 and 2000.`)
}

/** Who the volumes are made for, and the tags that they get. */
export interface AttachedVolumes {
  readonly instance: InstanceResource
  readonly image: ImageResource
  readonly mappings: readonly BlockDeviceMapping[]
  readonly tags: ReadonlyMap<string, string>
}

/** Makes the volumes of a new instance, attached to it. */
export function createVolumes({ instance, image, mappings, tags }: AttachedVolumes, call: Call): void {
  const { world, region, now } = call
  const attached = mappings.flatMap(({ DeviceName = '', Ebs }) => {
    if (Ebs === undefined) return []
    const isRoot = DeviceName === image.data.RootDeviceName
    const { SnapshotId, VolumeSize, VolumeType = 'gp2', Iops, Throughput, Encrypted, KmsKeyId, DeleteOnTermination = isRoot } = Ebs
    const source = SnapshotId === undefined ? undefined : region.snapshots.find(SnapshotId)
    const isEncrypted = Encrypted === true || source?.data.Encrypted === true
    const AttachTime = new Date(now)
    const created = world.create(region, region.volumes.names, {
      tags,
      data: {
        AvailabilityZone: instance.data.Placement?.AvailabilityZone,
        Size: VolumeSize ?? source?.data.VolumeSize,
        SnapshotId: SnapshotId ?? '',
        VolumeType,
        Iops: Iops ?? (VolumeType === 'gp3' ? 3000 : undefined),
        Throughput: Throughput ?? (VolumeType === 'gp3' ? 125 : undefined),
        Encrypted: isEncrypted,
        KmsKeyId: isEncrypted ? encryptionKey(KmsKeyId ?? source?.data.KmsKeyId, call) : undefined,
        State: 'in-use' as const,
        CreateTime: new Date(now),
        MultiAttachEnabled: false,
      },
    })
    const volume: VolumeResource = region.volumes.add({ ...created, rootDisk: source?.rootDisk })
    const attachment = {
      VolumeId: volume.id,
      InstanceId: instance.id,
      Device: DeviceName,
      State: 'attached' as const,
      AttachTime,
      DeleteOnTermination,
    }
    Object.assign(volume.data, { VolumeId: volume.id, Attachments: [attachment] })
    return [{ DeviceName, Ebs: { VolumeId: volume.id, Status: 'attached' as const, DeleteOnTermination, AttachTime } }]
  })
  instance.data.BlockDeviceMappings = attached
}
