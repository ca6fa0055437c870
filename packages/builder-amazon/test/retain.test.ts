import type { BuildEvent, BuildReport, Image } from '@imago/core'
import { defineImage, retain, validate } from '@imago/core'
import { expect, test } from 'vitest'

import type { AmazonEbsOptions, AmiArtifact } from '../src/index.ts'
import { amazonEbs, ebsSurrogate } from '../src/index.ts'
import { connectAws } from '../src/aws/connect.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: '20ms' },
} as const

const imageOf = (ami: AmazonEbsOptions['ami'], last: number): Image =>
  defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ami }) }, retain: { last } })

async function build(
  aws: Emulated,
  image: Image,
): Promise<{ readonly made: AmiArtifact; readonly build: BuildReport; readonly warnings: string[] }> {
  const { build: report, events } = await aws.run(image)
  expect(report.error).toBeUndefined()
  for (const removed of report.removed ?? []) aws.removed(removed)
  return { made: report.artifact as AmiArtifact, build: report, warnings: warningsOf(events) } // it has succeeded
}

const warningsOf = (events: readonly BuildEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))
const left = ({ emulator }: Emulated): string[] =>
  emulator
    .leftovers()
    .map(({ kind, region }) => `${kind} ${region}`)
    .toSorted()

test('older AMIs go with their snapshots, in all regions', () =>
  emulated({}, async (aws) => {
    const ami = (name: string) => ({ name, regions: ['eu-west-1'] })
    const first = await build(aws, imageOf(ami('one'), 1))
    expect(first.build.removed).toBeUndefined()
    const second = await build(aws, imageOf(ami('two'), 1))
    expect(second.warnings).toEqual([])
    expect(second.build.removed?.map(({ id }) => id)).toEqual([first.made.id])
    expect(left(aws)).toEqual(['image eu-west-1', 'image us-west-2', 'snapshot eu-west-1', 'snapshot us-west-2'])
    // a definition that no longer copies still removes the copies that this folder knows of
    const third = await build(aws, imageOf({ name: 'three' }, 1))
    expect(third.build.removed?.map(({ id }) => id)).toEqual([second.made.id])
    expect(left(aws)).toEqual(['image us-west-2', 'snapshot us-west-2'])
  }))

test('a dry run tells; another folder leaves alone what its run may still need', () =>
  emulated({}, async (aws) => {
    const { made } = await build(aws, imageOf({ name: 'one' }, 5))
    await build(aws, imageOf({ name: 'two' }, 5))
    const calls = aws.emulator.journal.calls().length
    const told = await retain(imageOf({ name: 'two' }, 1), { stateDirectory: aws.stateDirectory, dryRun: true })
    expect(told.map(({ artifact, outcome }) => [artifact.id, outcome])).toEqual([[made.id, 'would-remove']])
    const elsewhere = await retain(imageOf({ name: 'two' }, 1), { stateDirectory: `${aws.directory}/elsewhere` })
    expect(elsewhere.map(({ artifact, outcome }) => [artifact.id, outcome])).toEqual([[made.id, 'kept']])
    const asked = new Set(
      aws.emulator.journal
        .calls()
        .slice(calls)
        .map(({ operation }) => operation),
    )
    expect([...asked]).toEqual(['DescribeImages'])
  }))

test('what is not finished, not ours, or protected stays', () =>
  emulated({ leavesMore: true }, async (aws) => {
    const client = await connectAws({ region: 'us-west-2' })
    const call = { signal: new AbortController().signal }
    const elsewhere = client.in('eu-west-1')
    const ami = (name: string) => ({ name, regions: ['eu-west-1'] })
    const first = (await build(aws, imageOf(ami('one'), 9))).made
    // somebody copies it with its tags: to the same region, and to the other one
    const tags = (await client.call('DescribeImages', { ImageIds: [first.imageId] }, call)).Images?.[0]?.Tags ?? []
    const copy = {
      SourceImageId: first.imageId,
      SourceRegion: 'us-west-2',
      TagSpecifications: [{ ResourceType: 'image' as const, Tags: tags }],
    }
    const copies = [
      await client.call('CopyImage', { ...copy, Name: 'mine' }, call),
      await elsewhere.call('CopyImage', { ...copy, Name: 'mine' }, call),
    ]
    // one is being made, and one is protected by hand
    const second = (await build(aws, imageOf(ami('two'), 9))).made
    await client.call('CreateTags', { Resources: [second.imageId], Tags: [{ Key: 'imago.owner', Value: 'somebody' }] }, call)
    const third = (await build(aws, imageOf(ami('three'), 9))).made
    await client.call('EnableImageDeregistrationProtection', { ImageId: third.imageId, WithCooldown: false }, call)
    const { build: fourth, warnings } = await build(aws, imageOf(ami('four'), 1))
    expect(fourth.removed?.map(({ id }) => id)).toEqual([first.id])
    expect(warnings).toEqual([expect.stringMatching(`is kept: ${third.imageId} in us-west-2 is protected against deregistration$`)])
    const images = aws.emulator
      .leftovers()
      .filter(({ kind }) => kind === 'image')
      .map(({ id }) => id)
    expect(images.toSorted()).toEqual(
      [
        ...copies.map(({ ImageId = '' }) => ImageId),
        ...[second, third, fourth.artifact as AmiArtifact].flatMap((each) => each.images.map(({ imageId }) => imageId)),
      ].toSorted(),
    )
  }))

test('protection of the definition itself does not keep older ones', () =>
  emulated({ leavesMore: true }, async (aws) => {
    const ami = (name: string) => ({ name, deregistrationProtection: true })
    const { made } = await build(aws, imageOf(ami('one'), 1))
    const { build: second, warnings } = await build(aws, imageOf(ami('two'), 1))
    expect([second.removed?.map(({ id }) => id), warnings]).toEqual([[made.id], []])
  }))

test('what AWS refuses to remove is a warning', () =>
  emulated({ leavesMore: true }, async (aws) => {
    await build(aws, imageOf({ name: 'one' }, 1))
    aws.emulator.faults.inject({ type: 'error', operation: 'DeregisterImage', code: 'UnauthorizedOperation', times: 9 })
    const { build: second, warnings } = await build(aws, imageOf({ name: 'two' }, 1))
    expect([second.status, second.removed]).toEqual(['succeeded', undefined])
    expect(warnings).toEqual([expect.stringContaining('could not be removed: ')])
  }))

test('a build that makes no AMI is refused', async () => {
  expect(await validate(imageOf(false, 2))).toMatchObject([{ path: ['retain'], message: expect.stringContaining("builder 'aws'") }])
  const surrogate = ebsSurrogate({
    ...base,
    launch: { blockDevices: [{ device: '/dev/sdf', size: 8 }] },
    ami: { name: 'cow', rootDevice: { source: '/dev/sdf' } },
  })
  expect(await validate(defineImage({ name: 'cow', builders: { aws: surrogate }, retain: { last: 2 } }))).toEqual([])
})
