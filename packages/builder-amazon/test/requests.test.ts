import { createKeyPair } from '@imago/communicator-ssh'
import { defineImage } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { connectAws } from '../src/aws/connect.ts'
import { amazonEbs } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import type { AmiOptions } from '../src/options/ami.ts'
import type { BlockDevice } from '../src/options/block-device.ts'
import type { LaunchOptions } from '../src/options/launch.ts'
import type { MetadataOptions } from '../src/options/metadata.ts'
import type { NetworkOptions } from '../src/options/network.ts'
import type { SpotOptions } from '../src/options/spot.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'
import { requests, tagged } from './requests.ts'

/*
 * What each option asks AWS for. The tables have a row for every option: one that is added without a row does not compile, and one that
 * reaches no request does not pass.
 */

/** What the account has. */
interface Seed {
  readonly vpc: string
  readonly subnet: string
  readonly group: string
  readonly snapshot: string
}

interface Row {
  readonly options: Partial<AmazonEbsOptions> | ((seed: Seed) => Partial<AmazonEbsOptions>)
  /** @default RunInstances */
  readonly operation?: string
  /** What the last request has; `nothing` when there is to be none. */
  readonly asks: object | 'nothing' | ((seed: Seed) => object)
  /** What it has not. */
  readonly never?: object
}

type Table<Options> = Readonly<Record<keyof Options, Row>>

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: 10 },
  ami: false,
} as const satisfies AmazonEbsOptions

const windows = { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' } as const
const kmsKey = 'arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
const irishKey = kmsKey.replace('us-west-2', 'eu-west-1')
const account = '210987654321'
const later = new Date(Date.now() + 30 * 86_400_000).toISOString()
const device = (changes: Partial<BlockDevice>): Partial<AmazonEbsOptions> => ({
  launch: { blockDevices: [{ device: '/dev/sdf', size: 10, ...changes }] },
})
const ebs = (expected: object) => ({ BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: expected }] })
const ami = (changes: Partial<AmiOptions>): Partial<AmazonEbsOptions> => ({ ami: { name: 'cow', ...changes } })
const encrypted = { encrypt: true, kmsKey } as const

const launch: Table<LaunchOptions> = {
  userData: { options: { launch: { userData: 'moo' } }, asks: { UserData: Buffer.from('moo').toString('base64') } },
  instanceProfile: { options: { launch: { instanceProfile: 'given' } }, asks: { IamInstanceProfile: { Name: 'given' } } },
  skipProfileCheck: {
    options: { launch: { instanceProfile: 'given', skipProfileCheck: true } },
    operation: 'GetInstanceProfile',
    asks: 'nothing',
  },
  shutdownBehavior: { options: { launch: { shutdownBehavior: 'stop' } }, asks: { InstanceInitiatedShutdownBehavior: 'stop' } },
  stop: { options: { launch: { stop: 'from-inside' } }, asks: { InstanceInitiatedShutdownBehavior: 'stop' } },
  ebsOptimized: { options: { launch: { ebsOptimized: true } }, asks: { EbsOptimized: true } },
  nitroEnclave: { options: { launch: { nitroEnclave: true } }, asks: { EnclaveOptions: { Enabled: true } } },
  unlimitedCredits: { options: { launch: { unlimitedCredits: true } }, asks: { CreditSpecification: { CpuCredits: 'unlimited' } } },
  placement: {
    options: { launch: { placement: { tenancy: 'host', hostId: 'h-0123456789abcdef0' } } },
    asks: { Placement: { Tenancy: 'host', HostId: 'h-0123456789abcdef0' } },
  },
  licenses: {
    options: { launch: { licenses: ['arn:aws:license-manager:us-west-2:123456789012:license-configuration:lic-0'] } },
    asks: {
      LicenseSpecifications: [{ LicenseConfigurationArn: 'arn:aws:license-manager:us-west-2:123456789012:license-configuration:lic-0' }],
    },
  },
  capacityReservation: {
    options: { launch: { capacityReservation: { id: 'cr-0123456789abcdef0' } } },
    asks: { CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' } } },
  },
  metadata: { options: { launch: { metadata: { hopLimit: 2 } } }, asks: { MetadataOptions: { HttpPutResponseHopLimit: 2 } } },
  blockDevices: { options: device({}), asks: ebs({ VolumeSize: 10, VolumeType: 'gp3', DeleteOnTermination: true }) },
  noEphemeral: {
    options: { launch: { noEphemeral: true } },
    asks: { BlockDeviceMappings: expect.arrayContaining([{ DeviceName: 'xvdca', NoDevice: '' }]) },
  },
  tags: { options: { launch: { tags: { cow: 'moo' } } }, asks: { TagSpecifications: tagged('instance', 'cow') } },
  volumeTags: { options: { launch: { volumeTags: { cow: 'moo' } } }, asks: { TagSpecifications: tagged('volume', 'cow') } },
}

const metadata: Table<MetadataOptions> = {
  enabled: { options: { launch: { metadata: { enabled: false } } }, asks: { MetadataOptions: { HttpEndpoint: 'disabled' } } },
  tokens: { options: { launch: { metadata: { tokens: 'optional' } } }, asks: { MetadataOptions: { HttpTokens: 'optional' } } },
  hopLimit: { options: { launch: { metadata: { hopLimit: 3 } } }, asks: { MetadataOptions: { HttpPutResponseHopLimit: 3 } } },
  tags: { options: { launch: { metadata: { tags: true } } }, asks: { MetadataOptions: { InstanceMetadataTags: 'enabled' } } },
}

const volume: Table<BlockDevice> = {
  device: { options: device({ device: '/dev/sdg' }), asks: { BlockDeviceMappings: [{ DeviceName: '/dev/sdg' }] } },
  size: { options: device({ size: 12 }), asks: ebs({ VolumeSize: 12 }) },
  type: { options: device({ type: 'st1', size: 125 }), asks: ebs({ VolumeType: 'st1' }) },
  iops: { options: device({ type: 'gp3', iops: 4000 }), asks: ebs({ Iops: 4000 }) },
  throughput: { options: device({ type: 'gp3', throughput: 250 }), asks: ebs({ Throughput: 250 }) },
  snapshotId: { options: ({ snapshot }) => device({ snapshotId: snapshot }), asks: ({ snapshot }) => ebs({ SnapshotId: snapshot }) },
  encrypted: { options: device({ encrypted: true }), asks: ebs({ Encrypted: true }) },
  kmsKey: { options: device({ encrypted: true, kmsKey }), asks: ebs({ Encrypted: true, KmsKeyId: kmsKey }) },
  deleteOnTermination: { options: device({ deleteOnTermination: false }), asks: ebs({ DeleteOnTermination: false }) },
}

const network: Table<NetworkOptions> = {
  vpc: {
    options: ({ vpc }) => ({ network: { vpc } }),
    operation: 'CreateSecurityGroup',
    asks: ({ vpc }) => ({ VpcId: vpc }),
  },
  subnet: { options: ({ subnet }) => ({ network: { subnet } }), asks: ({ subnet }) => ({ SubnetId: subnet }) },
  availabilityZone: {
    options: { network: { availabilityZone: 'us-west-2b' } },
    asks: { Placement: { AvailabilityZone: 'us-west-2b' } },
  },
  publicIp: {
    options: { network: { publicIp: false } },
    asks: { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: [expect.stringMatching(/^sg-/)] }] },
  },
  securityGroups: {
    options: ({ group }) => ({ network: { securityGroups: [group] } }),
    asks: ({ group }) => ({ SecurityGroupIds: [group] }),
  },
  allowFrom: {
    options: { network: { allowFrom: ['192.0.2.0/24', '2001:db8::/32'] }, connect: { user: 'admin', timeout: 1, port: 2222 } },
    operation: 'AuthorizeSecurityGroupIngress',
    asks: {
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 2222,
          ToPort: 2222,
          IpRanges: [{ CidrIp: '192.0.2.0/24' }],
          Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }],
        },
      ],
    },
  },
}

const spot: Table<SpotOptions> = {
  maxPrice: {
    options: { spot: { maxPrice: '0.05' } },
    operation: 'CreateFleet',
    asks: { LaunchTemplateConfigs: [{ Overrides: expect.arrayContaining([expect.objectContaining({ MaxPrice: '0.05' })]) }] },
  },
  allocation: {
    options: { spot: { allocation: 'lowest-price' } },
    operation: 'CreateFleet',
    asks: { SpotOptions: { AllocationStrategy: 'lowest-price' } },
  },
  tags: {
    options: { spot: { tags: { cow: 'moo' } } },
    operation: 'CreateLaunchTemplate',
    asks: { LaunchTemplateData: { TagSpecifications: tagged('spot-instances-request', 'cow') } },
  },
  fleetTags: {
    options: { spot: { fleetTags: { cow: 'moo' } } },
    operation: 'CreateFleet',
    asks: { TagSpecifications: tagged('fleet', 'cow') },
  },
}

const images: Table<AmiOptions> = {
  name: { options: ami({ name: 'cow-{build}' }), operation: 'CreateImage', asks: { Name: 'cow-aws' } },
  description: { options: ami({ description: 'a cow' }), operation: 'CreateImage', asks: { Description: 'a cow' } },
  tags: { options: ami({ tags: { cow: 'moo' } }), operation: 'CreateImage', asks: { TagSpecifications: tagged('image', 'cow') } },
  snapshotTags: {
    options: ami({ snapshotTags: { cow: 'moo' } }),
    operation: 'CreateImage',
    asks: { TagSpecifications: tagged('snapshot', 'cow') },
  },
  skipLaunchTags: {
    options: { launch: { tags: { cow: 'moo' } }, ...ami({ skipLaunchTags: true }) },
    operation: 'CreateImage',
    asks: { Name: 'cow' },
    never: { TagSpecifications: tagged('image', 'cow') },
  },
  regions: {
    options: ami({ regions: { 'eu-west-1': { kmsKey: irishKey } }, ...encrypted }),
    operation: 'CopyImage',
    asks: { SourceRegion: 'us-west-2', SourceImageId: expect.stringMatching(/^ami-/), Name: 'cow', KmsKeyId: irishKey },
  },
  skipBuildRegion: {
    options: ami({ skipBuildRegion: true, regions: ['eu-west-1'] }),
    operation: 'CreateImage',
    asks: { Name: expect.stringMatching(/^imago-/) },
    never: { Name: 'cow' },
  },
  encrypt: { options: ami({ encrypt: true }), asks: { BlockDeviceMappings: [{ Ebs: { Encrypted: true } }] } },
  kmsKey: { options: ami(encrypted), asks: { BlockDeviceMappings: [{ Ebs: { Encrypted: true, KmsKeyId: kmsKey } }] } },
  shareWith: {
    options: ami({ shareWith: { accounts: [account], everybody: true } }),
    operation: 'ModifyImageAttribute',
    asks: { Attribute: 'launchPermission', LaunchPermission: { Add: [{ UserId: account }, { Group: 'all' }] } },
  },
  shareSnapshotsWith: {
    options: ami({ shareSnapshotsWith: { accounts: [account] } }),
    operation: 'ModifySnapshotAttribute',
    asks: { SnapshotId: expect.stringMatching(/^snap-/), CreateVolumePermission: { Add: [{ UserId: account }] } },
  },
  productCodes: {
    options: ami({ productCodes: ['abc'] }),
    operation: 'ModifyImageAttribute',
    asks: { Attribute: 'productCodes', ProductCodes: ['abc'] },
  },
  deprecateAt: { options: ami({ deprecateAt: later }), operation: 'EnableImageDeprecation', asks: { DeprecateAt: new Date(later) } },
  deprecateAfter: {
    options: ami({ deprecateAfter: '30d' }),
    operation: 'EnableImageDeprecation',
    asks: { DeprecateAt: expect.any(Date) },
  },
  deregistrationProtection: {
    options: ami({ deregistrationProtection: { cooldown: true } }),
    operation: 'EnableImageDeregistrationProtection',
    asks: { WithCooldown: true },
  },
  fastLaunch: {
    options: { sourceAmi: windows, ...ami({ fastLaunch: { ready: 7, parallel: 8 } }) },
    operation: 'EnableFastLaunch',
    asks: { ResourceType: 'snapshot', MaxParallelLaunches: 8, SnapshotConfiguration: { TargetResourceCount: 7 } },
  },
  enaSupport: { options: ami({ enaSupport: false }), operation: 'ModifyInstanceAttribute', asks: { EnaSupport: { Value: false } } },
  sriovNetSupport: {
    options: ami({ sriovNetSupport: true }),
    operation: 'ModifyInstanceAttribute',
    asks: { SriovNetSupport: { Value: 'simple' } },
  },
  imdsSupport: {
    options: ami({ imdsSupport: 'v2.0' }),
    operation: 'ModifyImageAttribute',
    asks: { Attribute: 'imdsSupport', ImdsSupport: { Value: 'v2.0' } },
  },
  blockDevices: {
    options: ami({ blockDevices: [{ device: '/dev/sdg', size: 3 }] }),
    operation: 'CreateImage',
    asks: { BlockDeviceMappings: [{ DeviceName: '/dev/sdg', Ebs: { VolumeSize: 3 } }] },
  },
  snapshotCopyMinutes: {
    options: ami({ regions: ['eu-west-1'], snapshotCopyMinutes: 30 }),
    operation: 'CopyImage',
    asks: { SnapshotCopyCompletionDurationMinutes: 30 },
  },
  // what is there already, and goes, is made by the test
  forceDeregister: { options: ami({ name: 'old', forceDeregister: true }), operation: 'DeregisterImage', asks: {} },
  forceDeleteSnapshots: {
    options: ami({ name: 'old', forceDeregister: true, forceDeleteSnapshots: true }),
    operation: 'DeleteSnapshot',
    asks: { SnapshotId: expect.stringMatching(/^snap-/) },
  },
  skipRegionCheck: { options: ami({ skipRegionCheck: true }), operation: 'DescribeRegions', asks: 'nothing' },
}

type OtherOptions = Pick<AmazonEbsOptions, 'sourceAmi' | 'instanceType' | 'expireAfter'> & {
  readonly keyPair: never
  readonly keyType: never
}

const others: Table<OtherOptions> = {
  sourceAmi: { options: { sourceAmi: windows }, operation: 'GetParameter', asks: { Name: windows.parameter } },
  instanceType: { options: { instanceType: 't3.large' }, asks: { InstanceType: 't3.large' } },
  expireAfter: {
    options: { expireAfter: '2d' },
    asks: {
      TagSpecifications: expect.arrayContaining([
        expect.objectContaining({
          Tags: expect.arrayContaining([{ Key: 'imago.expires', Value: expect.stringMatching(dayFromNow(2)) }]),
        }),
      ]),
    },
  },
  keyPair: {
    options: { connect: { user: 'admin', agent: '/nowhere', keyPair: 'given', timeout: 1 } },
    asks: { KeyName: 'given' },
  },
  keyType: {
    options: { connect: { user: 'admin', keyType: 'rsa', timeout: 1 } },
    operation: 'ImportKeyPair',
    asks: { PublicKeyMaterial: expect.toSatisfy((key: Uint8Array) => Buffer.from(key).toString().startsWith('ssh-rsa ')) },
  },
}

/** Matches the day that is so many days away; the minute before midnight belongs to the next one, too. */
function dayFromNow(days: number): RegExp {
  const at = (ms: number): string => new Date(Date.now() + days * 86_400_000 + ms).toISOString().slice(0, 10)
  return new RegExp(`^(${at(0)}|${at(600_000)})`)
}

/** Gives the account what the tables name. */
async function prepare(emulation: Emulated, name: string): Promise<Seed> {
  const aws = await connectAws({ region: 'us-west-2' })
  const call = { signal: new AbortController().signal }
  const tags = [{ Key: 'imago.run', Value: 'none' }]
  const { Subnets = [] } = await aws.call('DescribeSubnets', {}, call)
  const { VpcId: vpc = '', SubnetId: subnet = '' } = Subnets[1] ?? {}
  const { Images = [] } = await aws.call('DescribeImages', { Owners: ['136693071363'] }, call)
  const snapshot = Images[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? ''
  const { SecurityGroups = [] } = await aws.call('DescribeSecurityGroups', {}, call)
  const group = SecurityGroups.find(({ VpcId }) => VpcId === vpc)?.GroupId ?? ''
  if (name === 'instanceProfile') await aws.call('CreateInstanceProfile', { InstanceProfileName: 'given', Tags: tags }, call)
  if (name === 'skipProfileCheck') await aws.call('CreateInstanceProfile', { InstanceProfileName: 'given', Tags: tags }, call)
  if (name === 'keyPair') {
    const TagSpecifications = [{ ResourceType: 'key-pair' as const, Tags: tags }]
    const { publicKey } = await createKeyPair('given')
    await aws.call('ImportKeyPair', { KeyName: 'given', PublicKeyMaterial: Buffer.from(publicKey), TagSpecifications }, call)
  }
  if (name.startsWith('force')) {
    const { build } = await emulation.run(defineImage({ name: 'old', builders: { aws: amazonEbs({ ...base, ami: { name: 'old' } }) } }))
    emulation.removed(build.artifact)
  }
  emulation.emulator.journal.clear()
  return { vpc, subnet, group, snapshot }
}

/** These find something there, which stays. */
const leaving = ['instanceProfile', 'skipProfileCheck', 'keyPair', 'forceDeregister']

const tables: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  launch,
  'launch.metadata': metadata,
  'launch.blockDevices': volume,
  network,
  spot,
  ami: images,
  'the build': others,
}

describe.for(Object.entries(tables))('%s', ([, table]) => {
  test.for(Object.entries(table))('%s', ([name, { options, operation = 'RunInstances', asks, never }]) =>
    emulated({ leavesMore: leaving.includes(name) }, async (aws) => {
      const seed = await prepare(aws, name)
      const given = typeof options === 'function' ? options(seed) : options
      const cancel = new AbortController()
      // nobody is inside who would stop it
      const waits = given.launch?.stop === 'from-inside'
      const { calls } = await aws.run(defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ...given }) } }), {
        signal: cancel.signal,
        onEvent: (event) => {
          if (waits && event.type === 'step-finished' && event.step.id === 'builder.launch') cancel.abort()
        },
      })
      const found = requests(calls, operation)
      const wanted = typeof asks === 'function' ? asks(seed) : asks
      expect(found.slice(-1)).toMatchObject(wanted === 'nothing' ? [] : [wanted])
      expect(found.slice(-1)).not.toMatchObject([never ?? { none: 'none' }])
    }),
  )
})
