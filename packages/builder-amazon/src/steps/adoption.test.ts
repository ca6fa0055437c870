import { expect, test } from 'vitest'

import { refusal } from '../../test/fake-aws.ts'
import { debian, fakeJob } from '../../test/fake-job.ts'
import { copyImage, orAdopt } from './create-image.ts'
import { importKeyPair } from './key-pair.ts'
import { runFleet } from './run-fleet.ts'
import { securityGroups } from './security-group.ts'

/*
 * When an answer is lost, the request is sent again, and AWS says that the name is taken: by what the first request has made, or by somebody
 * else. Tags tell.
 */

const own = [
  { Key: 'imago.run', Value: 'testrun0' },
  { Key: 'imago.image', Value: 'cow' },
  { Key: 'imago.build', Value: 'aws' },
]
const others = [{ Key: 'imago.run', Value: 'another' }, ...own.slice(1)]
const options = { region: 'eu-west-1', sourceAmi: debian.id, instanceType: 't3.small', connect: { communicator: 'none' } } as const
const network = { vpcId: undefined, places: [undefined], others: () => Promise.resolve([]) }

test('a security group', async () => {
  const job = (Tags: typeof own) =>
    fakeJob({
      CreateSecurityGroup: () => refusal('InvalidGroup.Duplicate'),
      DescribeSecurityGroups: () => ({ SecurityGroups: [{ GroupId: 'sg-1', Tags }] }),
    })
  const ground = { network, groups: undefined, sources: [] }
  expect(await securityGroups(job(own), options, ground, {})).toEqual(['sg-1'])
  await expect(securityGroups(job(others), options, ground, {})).rejects.toThrow('InvalidGroup.Duplicate')
})

test('a key pair', async () => {
  const job = (Tags: typeof own) =>
    fakeJob({
      ImportKeyPair: () => refusal('InvalidKeyPair.Duplicate'),
      DescribeKeyPairs: () => ({ KeyPairs: [{ KeyPairId: 'key-1', Tags }] }),
    })
  const adopting = job(own)
  await importKeyPair(adopting, 'ed25519', {})
  expect(adopting.ctx.resources.held.map(({ id }) => id)).toEqual(['key-1'])
  await expect(importKeyPair(job(others), 'ed25519', {})).rejects.toThrow('InvalidKeyPair.Duplicate')
})

test('a launch template', async () => {
  const job = (Tags: typeof own) =>
    fakeJob({
      CreateLaunchTemplate: () => refusal('InvalidLaunchTemplateName.AlreadyExistsException'),
      DescribeLaunchTemplates: () => ({ LaunchTemplates: [{ LaunchTemplateId: 'lt-1', Tags }] }),
      CreateFleet: () => ({ Instances: [{ InstanceIds: ['i-1'] }] }),
    })
  const parts = {
    source: debian,
    devices: [],
    groups: [],
    keyName: undefined,
    profile: undefined,
    userData: undefined,
    tags: { instance: {}, volume: {} },
  }
  const launch = async (Tags: typeof own) =>
    (await runFleet(job(Tags), { ...options, spot: {} }, parts, network, { request: {}, fleet: {} })).value
  expect(await launch(own)).toBe('i-1')
  await expect(launch(others)).rejects.toThrow('AlreadyExistsException')
})

test('an image, and a copy of one', async () => {
  const taken = (Tags: typeof own) =>
    fakeJob({
      CopyImage: () => refusal('InvalidAMIName.Duplicate'),
      DescribeImages: () => ({ Images: [{ ImageId: 'ami-2', Name: 'cow', State: 'available', Tags, BlockDeviceMappings: [root] }] }),
    })
  const root = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-2' } }
  const { signal } = new AbortController()
  const create = (): Promise<string> =>
    taken(own)
      .aws.call('CopyImage', {} as never, { signal })
      .then(() => 'never')
  expect(await orAdopt(taken(own), 'cow', create, signal)).toBe('ami-2')
  await expect(orAdopt(taken(others), 'cow', create, signal)).rejects.toThrow(
    "the name 'cow' has been taken in eu-west-1 during the build, by ami-2",
  )
  const job = taken(own)
  const source = { region: 'eu-west-1', image: debian, snapshotIds: [], resource: await held(job) }
  const parts = { name: 'cow', description: undefined, tags: { image: {}, snapshot: {} } }
  expect((await copyImage(job, source, 'us-east-1', parts, {})).image.id).toBe('ami-2')
  await expect(copyImage(taken(others), source, 'us-east-1', parts, {})).rejects.toThrow('during the build, by ami-2')
})

/** Something that the build holds. */
async function held({ ctx }: ReturnType<typeof fakeJob>) {
  const kind = { kind: 'test', package: 'test', destroy: () => Promise.resolve() }
  return await ctx.resources.acquire({ kind, name: 'held', data: {}, create: () => Promise.resolve('ami-1'), id: (id: string) => id })
}

test('what has been created so lately that AWS does not show it yet is waited for', async () => {
  const job = fakeJob({
    CreateSecurityGroup: () => refusal('InvalidGroup.Duplicate'),
    DescribeSecurityGroups: (_, { count }) => ({ SecurityGroups: count < 3 ? [] : [{ GroupId: 'sg-1', Tags: own }] }),
    ImportKeyPair: () => refusal('InvalidKeyPair.Duplicate'),
    DescribeKeyPairs: (_, { count }) =>
      count < 3 ? refusal('InvalidKeyPair.NotFound') : { KeyPairs: [{ KeyPairId: 'key-1', Tags: own }] },
  })
  expect(await securityGroups(job, options, { network, groups: undefined, sources: [] }, {})).toEqual(['sg-1'])
  await importKeyPair(job, 'ed25519', {})
  expect(job.ctx.resources.held.map(({ id }) => id)).toEqual(['sg-1', 'key-1'])
})
