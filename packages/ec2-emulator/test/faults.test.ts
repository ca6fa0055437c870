import * as ec2 from '@aws-sdk/client-ec2'
import { expect, test, vi } from 'vitest'

import { clientOf, emulated } from './emulated.ts'
import { codeOf, debian, imageOf, instanceOf, running, start, untilImage, untilInstance } from './things.ts'

/** How long something may take. */
const patience = { timeout: 5000, interval: 50 }

test(
  'throttling is told, and the client tries again',
  emulated(async ({ client, emulator }) => {
    const fault = emulator.faults.inject({ type: 'throttle', operation: 'DescribeRegions', times: 2 })
    await client.send(new ec2.DescribeRegionsCommand({}))
    expect(fault.hits).toBe(2)
    expect(emulator.journal.calls('DescribeRegions').map(({ attempt, outcome }) => [attempt, outcome.type])).toEqual([
      [1, 'refused'],
      [2, 'refused'],
      [3, 'answered'],
    ])
  }),
)

test(
  'a lost answer leaves its effect, once where there is a token',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'lost-response', operation: 'RunInstances' })
    emulator.faults.inject({ type: 'lost-response', operation: 'CreateKeyPair' })
    await start(client)
    expect(emulator.leftovers().filter(({ kind }) => kind === 'instance')).toHaveLength(1)
    expect(await codeOf(client.send(new ec2.CreateKeyPairCommand({ KeyName: 'k', KeyType: 'ed25519' })))).toBe('InvalidKeyPair.Duplicate')
    emulator.faults.inject({ type: 'lost-request', operation: 'CreateSecurityGroup' })
    await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'g', Description: 'd' }))
    expect(
      emulator.journal
        .calls()
        .filter(({ outcome }) => outcome.type === 'cut')
        .map(({ operation, outcome }) => [operation, 'applied' in outcome && outcome.applied]),
    ).toEqual([
      ['RunInstances', true],
      ['CreateKeyPair', true],
      ['CreateSecurityGroup', false],
    ])
  }),
)

test(
  'capacity lacks in a zone, for a type',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'no-capacity', zone: 'us-west-2a', instanceType: 't3.small', times: Infinity })
    await expect(start(client)).rejects.toMatchObject({ name: 'InsufficientInstanceCapacity', $metadata: { httpStatusCode: 500 } })
    expect(await start(client, { Placement: { AvailabilityZone: 'us-west-2b' } })).toMatch(/^i-/)
    expect(await start(client, { InstanceType: 'm5.large' })).toMatch(/^i-/)
    const LaunchTemplateData = { ImageId: await debian(client) }
    await client.send(new ec2.CreateLaunchTemplateCommand({ LaunchTemplateName: 'lt1', LaunchTemplateData }))
    const fleet = await client.send(
      new ec2.CreateFleetCommand({
        Type: 'instant',
        TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateName: 'lt1' },
            Overrides: [{ InstanceType: 't3.small', AvailabilityZone: 'us-west-2a' }, { InstanceType: 'm5.large' }],
          },
        ],
      }),
    )
    expect(fleet.Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual(['InsufficientInstanceCapacity'])
    expect(fleet.Instances).toMatchObject([{ InstanceType: 'm5.large', Lifecycle: 'spot' }])
  }),
)

test(
  'what is new cannot be seen for a while',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'invisible', resource: 'instance', ms: 800 })
    const id = await start(client)
    expect(await codeOf(instanceOf(client, id))).toBe('InvalidInstanceID.NotFound')
    expect(await codeOf(client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'a', Value: 'b' }] })))).toBe(
      'InvalidInstanceID.NotFound',
    )
    await vi.waitFor(async () => expect((await instanceOf(client, id))?.InstanceId).toBe(id), patience)
  }),
)

test(
  'a running instance is ended when the test says so',
  emulated(async ({ client, emulator }) => {
    const [one, spot] = [await running(client), await running(client, { InstanceMarketOptions: { MarketType: 'spot' } })]
    emulator.endInstance(one, { message: 'Server.InternalError: a disk is on fire' })
    emulator.endInstance(spot, { code: 'Server.SpotInstanceTermination' })
    await untilInstance(client, one, 'terminated')
    await untilInstance(client, spot, 'terminated')
    expect((await instanceOf(client, one))?.StateReason).toEqual({
      Code: 'Server.InternalError',
      Message: 'Server.InternalError: a disk is on fire',
    })
    const { SpotInstanceRequests = [] } = await client.send(new ec2.DescribeSpotInstanceRequestsCommand({}))
    expect(SpotInstanceRequests.map(({ State }) => State)).toEqual(['closed'])
    expect(() => emulator.endInstance(one)).toThrow(`no instance '${one}' is running`)
  }),
)

test(
  'an instance is terminated by Amazon, a spot instance interrupted',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'terminated', ms: 0 })
    const id = await start(client)
    await untilInstance(client, id, 'terminated')
    expect((await instanceOf(client, id))?.StateReason?.Code).toBe('Server.InternalError')
    emulator.faults.inject({ type: 'spot-interruption', ms: 0 })
    const spot = await start(client, { InstanceMarketOptions: { MarketType: 'spot' } })
    await untilInstance(client, spot, 'terminated')
    const ended = await instanceOf(client, spot)
    expect(ended?.StateReason?.Code).toBe('Server.SpotInstanceTermination')
    const { SpotInstanceRequests } = await client.send(
      new ec2.DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [ended?.SpotInstanceRequestId ?? ''] }),
    )
    expect(SpotInstanceRequests?.[0]).toMatchObject({ State: 'closed', Status: { Code: 'instance-terminated-no-capacity' } })
  }),
)

test(
  'images fail, or take their time',
  emulated(
    async ({ client, emulator }) => {
      const InstanceId = await running(client)
      emulator.faults.inject({ type: 'image-failed', name: 'one', reason: 'the disk is full' })
      const { ImageId: failed = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId, Name: 'one' }))
      await untilImage(client, failed, 'failed')
      expect((await imageOf(client, failed))?.StateReason?.Message).toBe('the disk is full')
      emulator.faults.inject({ type: 'slow-image', operation: 'CreateImage', ms: 200 })
      const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId, Name: 'two' }))
      const SnapshotIds = [(await imageOf(client, ImageId))?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '']
      const progress = new Set<string | undefined>()
      await vi.waitFor(async () => {
        progress.add((await client.send(new ec2.DescribeSnapshotsCommand({ SnapshotIds }))).Snapshots?.[0]?.Progress)
        expect((await imageOf(client, ImageId))?.State).toBe('available')
      }, patience)
      expect(progress.size).toBeGreaterThan(1)
      emulator.faults.inject({ type: 'image-failed', operation: 'CopyImage', region: 'eu-west-1' })
      const ireland = clientOf(emulator, { region: 'eu-west-1' })
      const { ImageId: copy = '' } = await ireland.send(
        new ec2.CopyImageCommand({ SourceImageId: ImageId, SourceRegion: 'us-west-2', Name: 'two' }),
      )
      await untilImage(ireland, copy, 'failed')
    },
    { delays: { image: 50 } },
  ),
)

test(
  'credentials expire in the middle; others still work',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'expired-credentials', after: 1 })
    await client.send(new ec2.DescribeRegionsCommand({}))
    expect(await codeOf(client.send(new ec2.DescribeRegionsCommand({})))).toBe('RequestExpired')
    expect(await codeOf(client.send(new ec2.DescribeVpcsCommand({})))).toBe('RequestExpired')
    const other = new ec2.EC2Client({
      region: 'us-west-2',
      endpoint: emulator.endpoint,
      credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 's' },
    })
    await other.send(new ec2.DescribeVpcsCommand({}))
  }),
)

test(
  "a clock that is wrong is told by the answer's date, and the client corrects itself",
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'clock-skew', ms: 3_600_000 })
    await client.send(new ec2.DescribeRegionsCommand({}))
    expect(emulator.journal.calls().map(({ outcome }) => (outcome.type === 'refused' ? outcome.code : outcome.type))).toEqual([
      'RequestExpired',
      'answered',
    ])
  }),
)

test(
  'a call is refused, or answered late, or never',
  emulated(async ({ client, emulator }) => {
    emulator.faults.inject({ type: 'error', operation: 'RunInstances', code: 'VcpuLimitExceeded', message: 'enough' })
    await expect(start(client)).rejects.toMatchObject({ name: 'VcpuLimitExceeded', message: 'enough' })
    emulator.faults.inject({ type: 'error', operation: 'RunInstances', code: 'UnauthorizedOperation' })
    await expect(start(client)).rejects.toThrow('is not authorized to perform: ec2:RunInstances')
    emulator.faults.inject({ type: 'slow-answer', operation: 'DescribeRegions', ms: Infinity })
    const ended = await codeOf(client.send(new ec2.DescribeRegionsCommand({}), { abortSignal: AbortSignal.timeout(50) }))
    expect(ended).toBe('AbortError')
    await vi.waitFor(() => expect(emulator.journal.calls('DescribeRegions')[0]?.outcome.type).toBe('cut'))
  }),
)

test(
  'a group is in use for a while after its instance has ended',
  emulated(async ({ client, emulator }) => {
    const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'g', Description: 'd' }))
    emulator.faults.inject({ type: 'slow-release', ms: 800 })
    const id = await running(client, { SecurityGroupIds: [GroupId] })
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
    await untilInstance(client, id, 'terminated')
    expect(await codeOf(client.send(new ec2.DeleteSecurityGroupCommand({ GroupId })))).toBe('DependencyViolation')
    await vi.waitFor(async () => await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId })), patience)
  }),
)
