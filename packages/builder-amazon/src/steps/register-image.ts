import type { Image } from '../aws/images.ts'
import type { Instance } from '../aws/instances.ts'
import type { Job } from '../job.ts'
import type { LaunchOptions } from '../options/launch.ts'
import type { BlockDeviceInput } from '../options/block-device.ts'
import { mappingInput, volumeInput } from '../options/block-device.ts'
import type { SurrogateAmiOptions } from '../options/surrogate.ts'
import { surrogateVolumes } from '../options/surrogate.ts'
import { acquire } from '../resources/acquire.ts'
import { all } from './all.ts'
import type { ImageParts, OwnedImage } from './create-image.ts'
import { imageIdOf, imageTags, madeSnapshots, orAdopt } from './create-image.ts'
import { createSnapshot } from './create-snapshot.ts'
import { volumeOf } from './swap-root.ts'
import { waitForImage } from './wait-image.ts'

/** What an image is registered from. */
export interface RegisterOrder {
  readonly instance: Instance
  readonly source: Image
  readonly launch: LaunchOptions
  readonly ami: SurrogateAmiOptions
}

/** Makes snapshots of the volumes that the provisioners have worked on, and registers an image of them. */
export async function registerImage(job: Job, order: RegisterOrder, parts: ImageParts): Promise<OwnedImage> {
  const { aws, ctx, own } = job
  const { ami, source } = order
  const { rootDevice } = ami
  const snapshots = await takeSnapshots(job, order, parts)
  const name = own.name('image')
  const { device: rootName = '/dev/xvda' } = rootDevice
  const request = {
    Name: parts.name,
    ...(parts.description !== undefined && { Description: parts.description }),
    Architecture: ami.architecture ?? (source.architecture as NonNullable<SurrogateAmiOptions['architecture']>), // AWS has no others
    VirtualizationType: ami.virtualizationType ?? 'hvm',
    RootDeviceName: rootName,
    BlockDeviceMappings: mappings(order, snapshots, rootName),
    ...((ami.virtualizationType ?? 'hvm') === 'hvm' && { EnaSupport: ami.enaSupport ?? true }),
    ...(ami.sriovNetSupport === true && { SriovNetSupport: 'simple' }),
    ...(ami.bootMode !== undefined && { BootMode: ami.bootMode }),
    ...(ami.uefiData !== undefined && { UefiData: ami.uefiData }),
    ...(ami.tpmSupport !== undefined && { TpmSupport: ami.tpmSupport }),
    ...(ami.imdsSupport !== undefined && { ImdsSupport: ami.imdsSupport }),
    TagSpecifications: imageTags(job, name, parts).filter(({ ResourceType }) => ResourceType === 'image'),
  }
  const resource = await acquire(aws, ctx, {
    kind: 'amazon-image',
    name,
    create: (signal) => orAdopt(job, parts.name, async () => imageIdOf(await aws.call('RegisterImage', request, { signal })), signal),
    id: (id) => id,
  })
  const image = await waitForImage(job, aws, resource.value, name)
  for (const { resource: snapshot } of snapshots.values()) await snapshot.disown() // it goes with its image from now on
  return { region: aws.region, resource, image, snapshotIds: madeSnapshots(image, ami) }
}

type Snapshots = ReadonlyMap<string, Awaited<ReturnType<typeof createSnapshot>>>

async function takeSnapshots(job: Job, { instance, launch, ami }: RegisterOrder, parts: ImageParts): Promise<Snapshots> {
  const devices = surrogateVolumes(launch).filter(({ device }) => ami.omitDevices?.includes(device) !== true)
  const taken = await all(
    devices.map(async ({ device }) =>
      createSnapshot(job, {
        volumeId: volumeOf(instance, device),
        what: `snapshot-${device.replaceAll('/', '-')}`,
        description: `${device} of ${parts.name}`,
        tags: parts.tags.snapshot,
      }),
    ),
  )
  return new Map(
    devices
      .map(({ device }, index) => [device, taken[index]] as const)
      .flatMap(([device, one]) => (one === undefined ? [] : [[device, one]])),
  )
}

function mappings({ launch, ami }: RegisterOrder, snapshots: Snapshots, rootName: string): BlockDeviceInput[] {
  const { source, device: _, ...rootVolume } = ami.rootDevice
  const given = ami.blockDevices?.flatMap((mapping) => ('none' in mapping || 'ephemeral' in mapping ? [] : [mapping])) ?? []
  const made = surrogateVolumes(launch).flatMap(({ device, encrypted: _encrypted, kmsKey: _key, snapshotId: _snapshot, ...volume }) => {
    const snapshot = snapshots.get(device)
    if (snapshot === undefined) return []
    const isRoot = device === source
    const changes = isRoot ? rootVolume : given.find((mapping) => mapping.device === device)
    const { device: name, ...input } = { ...volume, ...changes, device: isRoot ? rootName : device }
    return [{ DeviceName: name, Ebs: volumeInput({ ...input, snapshotId: snapshot.snapshotId }) }]
  })
  return [...made, ...(ami.blockDevices ?? []).filter(({ device }) => !snapshots.has(device)).map(mappingInput)]
}
