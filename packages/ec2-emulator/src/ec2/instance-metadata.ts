import type { InstanceMetadata, MetadataTree } from '../guests/instance-metadata.ts'
import type { InstanceResource } from '../state/region.ts'
import type { Placed } from './instance-lifecycle.ts'
import { zoneId } from './placement.ts'

/** What the metadata service tells an instance. */
export function instanceMetadata(instance: InstanceResource, placed: Placed): InstanceMetadata {
  const { HttpEndpoint = 'enabled', HttpTokens = 'optional', InstanceMetadataTags = 'disabled' } = instance.data.MetadataOptions ?? {}
  return {
    endpoint: HttpEndpoint,
    tokens: HttpTokens,
    tags: InstanceMetadataTags,
    tree: {
      'meta-data': { ...ownMetadata(instance, placed), ...(InstanceMetadataTags === 'enabled' && tagMetadata(instance)) },
      'user-data': instance.userData === '' ? undefined : Buffer.from(instance.userData, 'base64'),
      dynamic: { 'instance-identity': { document: identityDocument(instance, placed) } },
    },
  }
}

function ownMetadata(instance: InstanceResource, placed: Placed): MetadataTree {
  const { id, data, reservationId } = instance
  const [nic] = data.NetworkInterfaces ?? []
  return {
    'ami-id': data.ImageId,
    'ami-launch-index': String(data.AmiLaunchIndex ?? 0),
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: data.RootDeviceName, root: data.RootDeviceName },
    hostname: data.PrivateDnsName,
    iam: roleMetadata(instance, placed),
    'instance-action': 'none',
    'instance-id': id,
    'instance-life-cycle': data.InstanceLifecycle ?? 'on-demand',
    'instance-type': data.InstanceType,
    'local-hostname': data.PrivateDnsName,
    'local-ipv4': data.PrivateIpAddress,
    mac: nic?.MacAddress,
    placement: placement(instance, placed),
    profile: 'default-hvm',
    'public-hostname': data.PublicDnsName,
    'public-ipv4': data.PublicIpAddress,
    'public-keys': keyMetadata(instance, placed),
    'reservation-id': reservationId,
    'security-groups': data.SecurityGroups?.map(({ GroupName }) => GroupName).join('\n'),
    services: { domain: 'amazonaws.com', partition: 'aws' },
    spot: spotMetadata(instance),
  }
}

function placement({ data }: InstanceResource, { region }: Placed): MetadataTree {
  const zone = data.Placement?.AvailabilityZone ?? ''
  return { 'availability-zone': zone, 'availability-zone-id': zoneId(region.name, region.zones.indexOf(zone)), region: region.name }
}

/** The key, with its name as its comment. */
function keyMetadata({ data }: InstanceResource, { region }: Placed): MetadataTree | undefined {
  const key = region.keyPairs.all().find((pair) => pair.data.KeyName === data.KeyName)?.data
  return key?.PublicKey === undefined ? undefined : { '0': { 'openssh-key': `${key.PublicKey} ${key.KeyName}\n` } }
}

function roleMetadata({ data }: InstanceResource, { world }: Placed): MetadataTree | undefined {
  const profile = [...world.iam.profiles.values()].find(({ arn }) => arn === data.IamInstanceProfile?.Arn)
  if (profile === undefined) return undefined
  const LastUpdated = new Date(world.now()).toISOString()
  const info = JSON.stringify({ Code: 'Success', LastUpdated, InstanceProfileArn: profile.arn, InstanceProfileId: profile.id })
  if (profile.role === undefined) return { info }
  const Expiration = new Date(world.now() + 6 * 3_600_000).toISOString()
  const keys = { AccessKeyId: 'ASIAEMULATORINSTANCE', SecretAccessKey: 'emulator', Token: 'emulator' }
  const credentials = JSON.stringify({ Code: 'Success', LastUpdated, Type: 'AWS-HMAC', ...keys, Expiration })
  return { info, 'security-credentials': { [profile.role]: credentials } }
}

function spotMetadata({ interruptedAt }: InstanceResource): MetadataTree | undefined {
  if (interruptedAt === undefined) return undefined
  const time = new Date(interruptedAt).toISOString()
  return { 'instance-action': JSON.stringify({ action: 'terminate', time }), 'termination-time': time }
}

function tagMetadata({ tags }: InstanceResource): MetadataTree {
  return { tags: { instance: Object.fromEntries(tags) } }
}

function identityDocument({ id, data }: InstanceResource, { world, region }: Placed): string {
  return JSON.stringify(
    {
      accountId: world.account,
      architecture: data.Architecture,
      availabilityZone: data.Placement?.AvailabilityZone,
      imageId: data.ImageId,
      instanceId: id,
      instanceType: data.InstanceType,
      pendingTime: data.LaunchTime,
      privateIp: data.PrivateIpAddress,
      region: region.name,
      version: '2017-09-30',
    },
    undefined,
    2,
  )
}
