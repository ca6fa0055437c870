import * as ec2 from '@aws-sdk/client-ec2'
import { describe, expect, test } from 'vitest'

import { clientOf, emulated } from './emulated.ts'
import { codeOf, debian, imageOf, instanceOf, makeImage, running, start, untilImage, untilInstance } from './things.ts'

describe('names', () => {
  test(
    'are unique among images, key pairs, groups and launch templates, each where it belongs',
    emulated(async ({ client, emulator }) => {
      const { instance } = await makeImage(client, 'cow')
      expect(await codeOf(client.send(new ec2.CreateImageCommand({ InstanceId: instance, Name: 'cow' })))).toBe('InvalidAMIName.Duplicate')
      expect(await codeOf(client.send(new ec2.CreateImageCommand({ InstanceId: instance, Name: 'a:b' })))).toBe('InvalidAMIName.Malformed')
      const key = { KeyName: 'k', KeyType: 'ed25519' as const }
      await client.send(new ec2.CreateKeyPairCommand(key))
      expect(await codeOf(client.send(new ec2.CreateKeyPairCommand(key)))).toBe('InvalidKeyPair.Duplicate')
      await clientOf(emulator, { region: 'eu-west-1' }).send(new ec2.CreateKeyPairCommand(key))
      const group = { GroupName: 'g', Description: 'd' }
      await client.send(new ec2.CreateSecurityGroupCommand(group))
      expect(await codeOf(client.send(new ec2.CreateSecurityGroupCommand(group)))).toBe('InvalidGroup.Duplicate')
      const template = { LaunchTemplateName: 'lt1', LaunchTemplateData: { InstanceType: 't3.small' as const } }
      await client.send(new ec2.CreateLaunchTemplateCommand(template))
      const again = client.send(new ec2.CreateLaunchTemplateCommand(template))
      expect(await codeOf(again)).toBe('InvalidLaunchTemplateName.AlreadyExistsException')
    }),
  )
})

describe('what depends on something else', () => {
  test(
    'a group stays as long as its instances, and a snapshot as long as its image',
    emulated(async ({ client, emulator }) => {
      const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'g', Description: 'd' }))
      const id = await running(client, { SecurityGroupIds: [GroupId] })
      const deleteGroup = () => client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }))
      expect(await codeOf(deleteGroup())).toBe('DependencyViolation')
      const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId: id, Name: 'cow' }))
      await untilImage(client, ImageId, 'available')
      const SnapshotId = (await imageOf(client, ImageId))?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId
      const deleteSnapshot = () => client.send(new ec2.DeleteSnapshotCommand({ SnapshotId }))
      expect(await codeOf(deleteSnapshot())).toBe('InvalidSnapshot.InUse')
      await client.send(new ec2.DeregisterImageCommand({ ImageId }))
      await deleteSnapshot()
      expect(await codeOf(imageOf(client, ImageId))).toBe('InvalidAMIID.Unavailable')
      await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
      await untilInstance(client, id, 'terminated')
      await deleteGroup()
      expect(emulator.leftovers()).toEqual([])
    }),
  )

  test(
    'a volume is detached before it is deleted, and goes with its instance where it should',
    emulated(async ({ client, emulator }) => {
      const BlockDeviceMappings = [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 5, VolumeType: 'gp3' as const } }]
      const id = await running(client, { BlockDeviceMappings })
      const devices = (await instanceOf(client, id))?.BlockDeviceMappings ?? []
      expect(devices.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination])).toEqual([
        ['/dev/xvda', true],
        ['/dev/sdf', false],
      ])
      const VolumeId = devices[1]?.Ebs?.VolumeId
      expect(await codeOf(client.send(new ec2.DeleteVolumeCommand({ VolumeId })))).toBe('VolumeInUse')
      await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
      await untilInstance(client, id, 'terminated')
      expect(emulator.leftovers().map((left) => left.id)).toEqual([VolumeId])
      await client.send(new ec2.DeleteVolumeCommand({ VolumeId }))
    }),
  )
})

describe('states', () => {
  test(
    'follow each other, and refuse what does not fit them',
    emulated(
      async ({ client }) => {
        const id = await start(client)
        const stop = () => client.send(new ec2.StopInstancesCommand({ InstanceIds: [id] }))
        const create = () => client.send(new ec2.CreateImageCommand({ InstanceId: id, Name: 'cow' }))
        expect((await instanceOf(client, id))?.State).toEqual({ Name: 'pending', Code: 0 })
        expect(await codeOf(stop())).toBe('IncorrectInstanceState')
        await expect(create()).rejects.toThrow("Instance is not in state 'running' or 'stopped'")
        await untilInstance(client, id, 'running')
        const { StoppingInstances } = await stop()
        expect(StoppingInstances?.[0]).toMatchObject({ PreviousState: { Name: 'running' }, CurrentState: { Name: 'stopping' } })
        await untilInstance(client, id, 'stopped')
        expect((await instanceOf(client, id))?.StateReason?.Code).toBe('Client.UserInitiatedShutdown')
        const { ImageId = '' } = await create()
        expect((await imageOf(client, ImageId))?.State).toBe('pending')
        const copy = { SourceImageId: ImageId, SourceRegion: 'us-west-2', Name: 'copy' }
        expect(await codeOf(client.send(new ec2.CopyImageCommand(copy)))).toBe('InvalidAMIID.Unavailable')
        await untilImage(client, ImageId, 'available')
        await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
        await untilInstance(client, id, 'terminated')
        expect(await codeOf(create())).toBe('InvalidAMIName.Duplicate')
        expect(await codeOf(client.send(new ec2.StartInstancesCommand({ InstanceIds: [id] })))).toBe('IncorrectInstanceState')
      },
      { delays: { running: 1000, stopped: 20, image: 800 } },
    ),
  )

  test(
    'termination can be forbidden',
    emulated(async ({ client }) => {
      const id = await running(client, { DisableApiTermination: true })
      const terminate = () => client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
      expect(await codeOf(terminate())).toBe('OperationNotPermitted')
      await client.send(new ec2.ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: false } }))
      await terminate()
    }),
  )
})

describe('a call', () => {
  test(
    'with a token has its effect once',
    emulated(async ({ client, emulator }) => {
      const [one, two] = await Promise.all([start(client, { ClientToken: 'run-1' }), start(client, { ClientToken: 'run-1' })])
      expect(two).toBe(one)
      expect(await codeOf(start(client, { ClientToken: 'run-1', InstanceType: 't3.large' }))).toBe('IdempotentParameterMismatch')
      expect(emulator.leftovers().filter(({ kind }) => kind === 'instance')).toHaveLength(1)
    }),
  )

  test(
    'that is a dry run is checked, and changes nothing',
    emulated(async ({ client, emulator }) => {
      expect(await codeOf(start(client, { DryRun: true }))).toBe('DryRunOperation')
      expect(await codeOf(start(client, { DryRun: true, KeyName: 'nobody' }))).toBe('InvalidKeyPair.NotFound')
      expect(await codeOf(client.send(new ec2.CreateSecurityGroupCommand({ DryRun: true, GroupName: 'g', Description: 'd' })))).toBe(
        'DryRunOperation',
      )
      expect(emulator.leftovers()).toEqual([])
    }),
  )

  test(
    'with parameters that EC2 does not have, or without those that it needs, is refused',
    emulated(async ({ emulator }) => {
      const authorization = 'AWS4-HMAC-SHA256 Credential=A/20261122/us-west-2/ec2/aws4_request, SignedHeaders=host, Signature=0'
      const answer = async (body: string, headers: Record<string, string> = { authorization }) => {
        const response = await fetch(emulator.endpoint, { method: 'POST', body, headers })
        const text = await response.text()
        return `${response.status} ${/<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text)?.slice(1).join(': ')}`
      }
      expect(await answer('Action=RunInstances&MinCount=1&MaxCount=1&ImagId=x')).toBe(
        '400 UnknownParameter: The parameter ImagId is not recognized',
      )
      expect(await answer('Action=RunInstances&MinCount=1')).toBe('400 MissingParameter: The request must contain the parameter MaxCount')
      expect(await answer('Action=RunInstances&MinCount=one&MaxCount=1')).toContain('400 InvalidParameterValue')
      expect(await answer('Action=MilkCow')).toBe('400 InvalidAction: The action MilkCow is not valid for the service ec2.')
      expect(await answer('Action=DescribeVpnGateways')).toContain('501 NotImplemented')
      expect(await answer('Action=DescribeRegions', {})).toContain('403 MissingAuthenticationToken')
      const elsewhere = authorization.replace('us-west-2', 'mars-1')
      expect(await answer('Action=DescribeRegions', { authorization: elsewhere })).toContain('401 AuthFailure')
    }),
  )
})

describe('a launch', () => {
  test.each<[code: string, what: string, request: Partial<ec2.RunInstancesCommandInput>]>([
    ['InvalidAMIID.NotFound', 'no such image', { ImageId: 'ami-01234567890123456' }],
    ['InvalidAMIID.Malformed', 'no id', { ImageId: 'debian' }],
    ['InvalidParameterValue', 'no such type', { InstanceType: 't9.cow' as never }],
    ['InvalidParameterValue', 'another architecture', { InstanceType: 't4g.small' }],
    ['Unsupported', 'a zone that does not offer the type', { Placement: { AvailabilityZone: 'us-west-2c' } }],
    ['InvalidParameterValue', 'a zone of another region', { Placement: { AvailabilityZone: 'us-east-1a' } }],
    ['InvalidSubnetID.NotFound', 'no such subnet', { SubnetId: 'subnet-0' }],
    ['InvalidGroup.NotFound', 'no such group', { SecurityGroupIds: ['sg-01234567890123456'] }],
    ['InvalidParameterValue', 'no such profile', { IamInstanceProfile: { Name: 'nobody' } }],
    [
      'InvalidParameterCombination',
      'groups twice',
      { SecurityGroupIds: ['sg-0'], NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-0'] }] },
    ],
    ['InvalidParameterValue', 'user data that is not base64', { UserData: '#!/bin/sh' }],
    ['InvalidParameterValue', 'too much of it', { UserData: Buffer.alloc(16_385).toString('base64') }],
    [
      'InvalidParameterValue',
      'a reserved tag',
      { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'aws:x', Value: '1' }] }] },
    ],
    ['InvalidParameterValue', 'tags of what is not made', { TagSpecifications: [{ ResourceType: 'image', Tags: [] }] }],
    [
      'InvalidBlockDeviceMapping',
      'a root that is too small',
      { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 4 } }] },
    ],
    [
      'InvalidParameterDependency',
      'a key without encryption',
      { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { KmsKeyId: 'k' } }] },
    ],
    [
      'InvalidParameterValue',
      'too fast',
      { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, VolumeType: 'io1', Iops: 500 } }] },
    ],
    [
      'InvalidParameterCombination',
      'throughput of another type',
      { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, VolumeType: 'gp2', Throughput: 125 } }] },
    ],
  ])('is refused with %s: %s', async (code, _, request) => {
    await emulated(async ({ client, emulator }) => {
      expect(await codeOf(start(client, request))).toBe(code)
      expect(emulator.leftovers()).toEqual([])
    })()
  })

  test(
    'gives tags to everything that it makes',
    emulated(async ({ client, emulator }) => {
      const kinds = ['instance', 'volume', 'network-interface'] as const
      const id = await running(client, {
        TagSpecifications: kinds.map((ResourceType) => ({ ResourceType, Tags: [{ Key: 'for', Value: ResourceType }] })),
      })
      expect(emulator.leftovers().map(({ kind, tags }) => [kind, tags['for']])).toEqual([
        ['instance', 'instance'],
        ['volume', 'volume'],
      ])
      const Filters = [{ Name: 'attachment.instance-id', Values: [id] }]
      const { NetworkInterfaces } = await client.send(new ec2.DescribeNetworkInterfacesCommand({ Filters }))
      expect(NetworkInterfaces?.[0]?.TagSet).toEqual([{ Key: 'for', Value: 'network-interface' }])
    }),
  )

  test(
    'gives a public address where the subnet says so, and a name for it where the VPC does',
    emulated(async ({ client }) => {
      const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
      const VpcId = Vpc?.VpcId ?? ''
      const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/24' }))
      const SubnetId = Subnet?.SubnetId ?? ''
      const addresses = async () => {
        const { PublicIpAddress, PublicDnsName } = (await instanceOf(client, await running(client, { SubnetId }))) ?? {}
        return [PublicIpAddress !== undefined, (PublicDnsName ?? '') !== '']
      }
      expect(await addresses()).toEqual([false, false])
      await client.send(new ec2.ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }))
      expect(await addresses()).toEqual([true, false])
      await client.send(new ec2.ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }))
      expect(await addresses()).toEqual([true, true])
      const attribute = async (Attribute: ec2.VpcAttributeName) =>
        await client.send(new ec2.DescribeVpcAttributeCommand({ VpcId, Attribute }))
      expect(await attribute('enableDnsHostnames')).toMatchObject({ VpcId, EnableDnsHostnames: { Value: true } })
      expect(await attribute('enableDnsSupport')).toMatchObject({ EnableDnsSupport: { Value: true } })
    }),
  )
})

describe('looking for things', () => {
  test(
    'by tags, wildcards and several filters; unknown ones are refused',
    emulated(async ({ client }) => {
      const tagged = await running(client, { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: 'a-1' }] }] })
      await running(client)
      const found = async (Filters: ec2.Filter[]) => {
        const { Reservations = [] } = await client.send(new ec2.DescribeInstancesCommand({ Filters }))
        return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId))
      }
      expect(await found([{ Name: 'tag:run', Values: ['a-?'] }])).toEqual([tagged])
      expect(
        await found([
          { Name: 'tag-key', Values: ['run'] },
          { Name: 'instance-state-name', Values: ['stopped', 'running'] },
        ]),
      ).toEqual([tagged])
      expect(await found([{ Name: 'tag:run', Values: ['a.1'] }])).toEqual([])
      expect(await codeOf(found([{ Name: 'colour', Values: ['brown'] }]))).toBe('InvalidParameterValue')
      const { Tags } = await client.send(new ec2.DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['run'] }] }))
      expect(Tags).toEqual([{ Key: 'run', Value: 'a-1', ResourceId: tagged, ResourceType: 'instance' }])
    }),
  )

  test(
    'in pages',
    emulated(async ({ client }) => {
      const pages: number[] = []
      const offered = ec2.paginateDescribeInstanceTypeOfferings({ client, pageSize: 50 }, { LocationType: 'availability-zone' })
      for await (const { InstanceTypeOfferings = [] } of offered) pages.push(InstanceTypeOfferings.length)
      expect(pages.length).toBeGreaterThan(3)
      expect(pages.slice(0, -1).every((length) => length === 50)).toBe(true)
      const ids = [await debian(client)]
      expect(await codeOf(client.send(new ec2.DescribeImagesCommand({ ImageIds: ids, MaxResults: 10 })))).toBe(
        'InvalidParameterCombination',
      )
      expect(await codeOf(client.send(new ec2.DescribeImagesCommand({ NextToken: 'x' })))).toBe('InvalidNextToken')
    }),
  )
})

describe('an image', () => {
  test(
    'is copied to another region, encrypted, with its tags',
    emulated(async ({ client, emulator }) => {
      const { image } = await makeImage(client)
      await client.send(new ec2.CreateTagsCommand({ Resources: [image], Tags: [{ Key: 'a', Value: '1' }] }))
      const ireland = clientOf(emulator, { region: 'eu-west-1' })
      const copy = { SourceImageId: image, SourceRegion: 'us-west-2', Name: 'cow', Encrypted: true, CopyImageTags: true }
      const { ImageId = '' } = await ireland.send(new ec2.CopyImageCommand(copy))
      await untilImage(ireland, ImageId, 'available')
      const copied = await imageOf(ireland, ImageId)
      expect(copied).toMatchObject({ SourceImageId: image, SourceImageRegion: 'us-west-2', Tags: [{ Key: 'a', Value: '1' }] })
      expect(copied?.BlockDeviceMappings?.[0]?.Ebs).toMatchObject({ Encrypted: true, KmsKeyId: expect.stringContaining('eu-west-1') })
      expect(await codeOf(imageOf(client, ImageId))).toBe('InvalidAMIID.NotFound')
    }),
  )

  test(
    'is shared, deprecated and protected',
    emulated(async ({ client }) => {
      const { image: ImageId } = await makeImage(client)
      const share = (UserId: string) =>
        client.send(new ec2.ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ UserId }] } }))
      expect(await codeOf(share('me'))).toBe('InvalidAMIAttributeItemValue')
      await share('999999999999')
      const { LaunchPermissions } = await client.send(new ec2.DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }))
      expect(LaunchPermissions).toEqual([{ UserId: '999999999999' }])
      const deprecate = (year: number) =>
        client.send(new ec2.EnableImageDeprecationCommand({ ImageId, DeprecateAt: new Date(Date.UTC(year, 0, 1, 0, 0, 30)) }))
      expect(await codeOf(deprecate(2000))).toBe('InvalidParameterValue')
      await deprecate(2031)
      expect((await imageOf(client, ImageId))?.DeprecationTime).toBe('2031-01-01T00:00:00.000Z')
      await client.send(new ec2.EnableImageDeregistrationProtectionCommand({ ImageId }))
      expect(await codeOf(client.send(new ec2.DeregisterImageCommand({ ImageId })))).toBe('OperationNotPermitted')
      await client.send(new ec2.DisableImageDeregistrationProtectionCommand({ ImageId }))
      const { DeleteSnapshotResults } = await client.send(new ec2.DeregisterImageCommand({ ImageId, DeleteAssociatedSnapshots: true }))
      expect(DeleteSnapshotResults).toMatchObject([{ ReturnCode: 'success' }])
    }),
  )

  test(
    'adds volumes that are new, with the default key, or what their snapshot is',
    emulated(async ({ client, emulator }) => {
      const { instance, image } = await makeImage(client)
      const SnapshotId = (await imageOf(client, image))?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId
      const withVolume = async (Ebs: ec2.EbsBlockDevice): Promise<string> => {
        const BlockDeviceMappings = [{ DeviceName: '/dev/sdf', Ebs }]
        const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId: instance, Name: 'more', BlockDeviceMappings }))
        await untilImage(client, ImageId, 'available')
        return ImageId
      }
      expect(await codeOf(withVolume({ VolumeSize: 1, Encrypted: true, KmsKeyId: 'alias/aws/ebs' }))).toBe('InvalidParameterCombination')
      expect(await codeOf(withVolume({ SnapshotId, Encrypted: false }))).toBe('InvalidBlockDeviceMapping')
      const before = emulator.leftovers().length
      const made = await imageOf(client, await withVolume({ VolumeSize: 1, Encrypted: true }))
      expect(made?.BlockDeviceMappings?.[1]?.Ebs).toMatchObject({ VolumeSize: 1, Encrypted: true })
      expect(made?.BlockDeviceMappings?.[1]?.Ebs?.SnapshotId).toBeUndefined()
      expect(emulator.leftovers()).toHaveLength(before + 2) // the image, and the snapshot of its root
    }),
  )

  test(
    'is registered from a snapshot, and one with the default key is shared with nobody',
    emulated(async ({ client }) => {
      const { instance } = await makeImage(client)
      const VolumeId = (await instanceOf(client, instance))?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId
      const { SnapshotId } = await client.send(new ec2.CreateSnapshotCommand({ VolumeId }))
      const { SnapshotId: encrypted } = await client.send(
        new ec2.CopySnapshotCommand({ SourceSnapshotId: SnapshotId, SourceRegion: 'us-west-2', Encrypted: true }),
      )
      const share = { SnapshotId: encrypted, CreateVolumePermission: { Add: [{ UserId: '999999999999' }] } }
      expect(await codeOf(client.send(new ec2.ModifySnapshotAttributeCommand(share)))).toBe('OperationNotPermitted')
      const register = { Name: 'registered', Architecture: 'x86_64' as const, VirtualizationType: 'hvm', RootDeviceName: '/dev/xvda' }
      expect(await codeOf(client.send(new ec2.RegisterImageCommand(register)))).toBe('InvalidBlockDeviceMapping')
      const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }]
      const { ImageId } = await client.send(new ec2.RegisterImageCommand({ ...register, BlockDeviceMappings }))
      expect(await running(client, { ImageId })).toMatch(/^i-/)
    }),
  )
})

test(
  'a Windows password is encrypted for the key pair',
  emulated(async ({ client }) => {
    const { Images } = await client.send(new ec2.DescribeImagesCommand({ Filters: [{ Name: 'platform', Values: ['windows'] }] }))
    await client.send(new ec2.CreateKeyPairCommand({ KeyName: 'k' }))
    const InstanceId = await running(client, { ImageId: Images?.[0]?.ImageId, KeyName: 'k' })
    const { PasswordData = '' } = await client.send(new ec2.GetPasswordDataCommand({ InstanceId }))
    expect(Buffer.from(PasswordData, 'base64')).toHaveLength(256)
  }),
)
