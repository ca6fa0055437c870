import { expect, test } from 'vitest'

import type { FakeAnswers } from '../../test/fake-aws.ts'
import { debian, fakeJob } from '../../test/fake-job.ts'
import { snapshotsOf } from '../aws/images.ts'
import type { AmiOptions } from '../options/ami.ts'
import type { OwnedImage } from './create-image.ts'
import { finishImage, handOver } from './finish-image.ts'

const done: FakeAnswers = {
  EnableImageDeprecation: () => ({}),
  ModifyImageAttribute: () => ({}),
  ModifySnapshotAttribute: () => ({}),
  EnableImageDeregistrationProtection: () => ({}),
  EnableFastLaunch: () => ({}),
  DeleteTags: () => ({}),
}

/** An image that the fake resources hold. */
async function owned(job: ReturnType<typeof fakeJob>, region = 'eu-west-2'): Promise<OwnedImage> {
  const kind = { kind: 'amazon-image', package: 'p', destroy: () => Promise.resolve() }
  const resource = await job.ctx.resources.acquire({ kind, name: 'image', data: {}, create: () => Promise.resolve(debian.id) })
  return { region, resource, image: debian, snapshotIds: snapshotsOf(debian) }
}

async function finish(options: Partial<AmiOptions>, answers: FakeAnswers = {}) {
  const job = fakeJob({ ...done, ...answers })
  await finishImage(job, { name: 'cow', ...options }, await owned(job))
  return job.aws.calls.map(({ operation, input, region }) => ({ operation, region, ...input }))
}

test('an image without further options is left as it is', async () => {
  expect(await finish({})).toEqual([])
})

test('who may use it is said in one request, after everything else; protection comes last', async () => {
  const calls = await finish({
    deprecateAfter: '10d',
    imdsSupport: 'v2.0',
    productCodes: ['code'],
    shareWith: {
      accounts: ['210987654321'],
      organizations: ['arn:aws:organizations::123456789012:organization/o-1'],
      organizationalUnits: ['arn:aws:organizations::123456789012:ou/o-1/ou-1'],
      everybody: true,
    },
    shareSnapshotsWith: { accounts: ['210987654321'] },
    deregistrationProtection: { cooldown: true },
  })
  const ImageId = debian.id
  expect(calls).toEqual([
    { operation: 'EnableImageDeprecation', region: 'eu-west-2', ImageId, DeprecateAt: new Date('2026-12-02T10:15:00Z') },
    { operation: 'ModifyImageAttribute', region: 'eu-west-2', ImageId, Attribute: 'imdsSupport', ImdsSupport: { Value: 'v2.0' } },
    { operation: 'ModifyImageAttribute', region: 'eu-west-2', ImageId, Attribute: 'productCodes', ProductCodes: ['code'] },
    {
      operation: 'ModifyImageAttribute',
      region: 'eu-west-2',
      ImageId,
      Attribute: 'launchPermission',
      LaunchPermission: {
        Add: [
          { UserId: '210987654321' },
          { OrganizationArn: 'arn:aws:organizations::123456789012:organization/o-1' },
          { OrganizationalUnitArn: 'arn:aws:organizations::123456789012:ou/o-1/ou-1' },
          { Group: 'all' },
        ],
      },
    },
    {
      operation: 'ModifySnapshotAttribute',
      region: 'eu-west-2',
      SnapshotId: 'snap-1',
      Attribute: 'createVolumePermission',
      CreateVolumePermission: { Add: [{ UserId: '210987654321' }] },
    },
    { operation: 'EnableImageDeregistrationProtection', region: 'eu-west-2', ImageId, WithCooldown: true },
  ])
})

test('fast launch is waited for, with the template of the region', async () => {
  const states = ['enabling', 'enabled']
  const templates = { template: { template: 'any' }, regionTemplates: { 'eu-west-2': { template: 'lt-0123456789abcdef0', version: 3 } } }
  const calls = await finish(
    { fastLaunch: { parallel: 8, ...templates } },
    { DescribeFastLaunchImages: () => ({ FastLaunchImages: [{ State: states.shift() as 'enabled' }] }) },
  )
  expect(calls[0]).toMatchObject({
    operation: 'EnableFastLaunch',
    MaxParallelLaunches: 8,
    SnapshotConfiguration: { TargetResourceCount: 5 },
    LaunchTemplate: { LaunchTemplateId: 'lt-0123456789abcdef0', Version: '3' },
  })
  expect(calls.map(({ operation }) => operation)).toEqual(['EnableFastLaunch', 'DescribeFastLaunchImages', 'DescribeFastLaunchImages'])
})

test('fast launch that fails says why', async () => {
  const failed = { State: 'enabling-failed', StateTransitionReason: 'no VPC' } as const
  await expect(finish({ fastLaunch: {} }, { DescribeFastLaunchImages: () => ({ FastLaunchImages: [failed] }) })).rejects.toThrow(
    'fast launch of ami-0123456789abcdef0 in eu-west-2 is enabling-failed: no VPC',
  )
})

test("images become the user's when all have lost the marks of the build", async () => {
  const job = fakeJob(done)
  await handOver(job, [await owned(job, 'eu-west-1'), await owned(job, 'eu-west-2')])
  expect(job.aws.inputs('DeleteTags')).toEqual([
    { Resources: [debian.id, 'snap-1'], Tags: [{ Key: 'imago.owner' }, { Key: 'imago.expires' }] },
    { Resources: [debian.id, 'snap-1'], Tags: [{ Key: 'imago.owner' }, { Key: 'imago.expires' }] },
  ])
  expect(job.ctx.resources.held).toEqual([])
})
