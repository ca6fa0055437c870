import { createHash } from 'node:crypto'

import type { Image } from '../aws-sdk.ts'
import { zoneId } from '../ec2/placement.ts'
import type { Region } from '../state/region.ts'
import { emptyRegion, noPermissions } from '../state/region.ts'
import type { World } from '../state/world.ts'
import type { SeedImage } from './seed-image.ts'

/** The regions that an account has without asking. */
export const defaultRegions: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'sa-east-1',
]

/** What stands in a new region. */
export interface Seeds {
  readonly images: readonly SeedImage[]
  /** What seeded images boot from; `undefined` where there are no guests. */
  readonly guests: { readonly seedDisk: string; readonly architecture: string } | undefined
}

/** A region with its default network and the images of others. */
export function seedRegion(world: World, name: string, seeds: Seeds): Region {
  const region = emptyRegion(
    name,
    ['a', 'b', 'c'].map((letter) => `${name}${letter}`),
  )
  seedNetwork(world, region)
  for (const image of seeds.images) seedImage(world, region, image, seeds.guests)
  return region
}

function seedNetwork(world: World, region: Region): void {
  const vpcId = stableId('vpc-', region.name)
  const vpc = world.create(region, region.vpcs.names, {
    id: vpcId,
    seeded: true,
    data: {
      VpcId: vpcId,
      CidrBlock: '172.31.0.0/16',
      IsDefault: true,
      State: 'available' as const,
      OwnerId: world.account,
      InstanceTenancy: 'default' as const,
    },
  })
  region.vpcs.add({ ...vpc, dns: { support: true, hostnames: true } })
  for (const [index, zone] of region.zones.entries()) {
    const id = stableId('subnet-', zone)
    region.subnets.add(
      world.create(region, region.subnets.names, {
        id,
        seeded: true,
        data: {
          SubnetId: id,
          SubnetArn: `arn:aws:ec2:${region.name}:${world.account}:subnet/${id}`,
          VpcId: vpcId,
          CidrBlock: `172.31.${index * 16}.0/20`,
          AvailabilityZone: zone,
          AvailabilityZoneId: zoneId(region.name, index),
          AvailableIpAddressCount: 4091,
          DefaultForAz: true,
          MapPublicIpOnLaunch: true,
          AssignIpv6AddressOnCreation: false,
          State: 'available',
          OwnerId: world.account,
        },
      }),
    )
  }
  const id = stableId('sg-', region.name)
  const data = {
    GroupId: id,
    GroupName: 'default',
    Description: 'default VPC security group',
    VpcId: vpcId,
    OwnerId: world.account,
    IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id, UserId: world.account }] }],
    IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
  }
  region.securityGroups.add(world.create(region, region.securityGroups.names, { id, seeded: true, data }))
}

function seedImage(world: World, region: Region, seed: SeedImage, guests: Seeds['guests']): void {
  const { name, rootDevice = '/dev/xvda', size = 8, createdAt, boots = false } = seed
  const imageId = stableId('ami-', `${region.name}/${name}`)
  const snapshotId = stableId('snap-', `${region.name}/${name}`)
  const disk = boots && guests?.architecture === (seed.architecture ?? 'x86_64') ? guests.seedDisk : undefined
  const startedAt = Date.parse(createdAt)
  const snapshot = world.create(region, region.snapshots.names, {
    id: snapshotId,
    seeded: true,
    data: {
      SnapshotId: snapshotId,
      OwnerId: seed.owner,
      VolumeSize: size,
      Encrypted: false,
      State: 'completed' as const,
      Progress: '100%',
      StartTime: new Date(startedAt),
    },
  })
  region.snapshots.add({ ...snapshot, permissions: noPermissions(), rootDisk: disk, span: { startedAt, due: startedAt } })
  const data: Image = {
    ...imageFacts(seed),
    ImageId: imageId,
    RootDeviceName: rootDevice,
    BlockDeviceMappings: [
      {
        DeviceName: rootDevice,
        Ebs: { SnapshotId: snapshotId, VolumeSize: size, VolumeType: 'gp2', DeleteOnTermination: true, Encrypted: false },
      },
    ],
  }
  const image = world.create(region, region.images.names, { id: imageId, seeded: true, data })
  region.images.add({ ...image, launchPermissions: noPermissions(), rootDisk: disk, fastLaunch: undefined })
}

function imageFacts(seed: SeedImage): Image {
  const { name, owner, ownerAlias, description = '', architecture = 'x86_64', createdAt, platform, imdsSupport } = seed
  const isWindows = platform === 'windows'
  return {
    Name: name,
    Description: description,
    OwnerId: owner,
    ImageOwnerAlias: ownerAlias,
    ImageLocation: `${ownerAlias ?? owner}/${name}`,
    ImageType: 'machine',
    State: 'available',
    Public: true,
    Architecture: architecture,
    Platform: isWindows ? 'Windows' : undefined,
    PlatformDetails: isWindows ? 'Windows' : 'Linux/UNIX',
    UsageOperation: isWindows ? 'RunInstances:0002' : 'RunInstances',
    CreationDate: createdAt,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: true,
    SriovNetSupport: 'simple',
    BootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
    ImdsSupport: imdsSupport,
  }
}

/** The same id in every run: what stands in a region is always the same. */
export function stableId(prefix: string, name: string): string {
  return `${prefix}0${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
}
