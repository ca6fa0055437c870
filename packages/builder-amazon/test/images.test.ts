import type { Image } from '@imago/core'
import { defineImage } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs, ebsSurrogate, ebsVolume } from '../src/index.ts'
import type { AmazonEbsOptions, AmiArtifact } from '../src/index.ts'
import { emulated } from './emulated.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: 20 },
} as const satisfies Partial<AmazonEbsOptions>

const imageOf = (ami: AmazonEbsOptions['ami']): Image => defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ami }) } })

test('an image in the way is deregistered, in every region, when the new one can be made; its snapshots stay, or go', () =>
  emulated({}, async (aws) => {
    const regions = ['eu-west-1'] as const
    const first = await aws.run(imageOf({ name: 'cow', regions }))
    aws.emulator.faults.inject({ type: 'error', operation: 'StopInstances', code: 'UnauthorizedOperation', times: Infinity })
    const failed = await aws.run(imageOf({ name: 'cow', regions, forceDeregister: true, forceDeleteSnapshots: true }))
    expect(failed.build.status).toBe('failed')
    expect(failed.calls.map(({ operation }) => operation)).not.toContain('DeregisterImage') // the old one is still there
    aws.emulator.faults.clear()

    const second = await aws.run(imageOf({ name: 'cow', regions, forceDeregister: true, forceDeleteSnapshots: true }))
    expect(second.build.error).toBeUndefined()
    aws.removed(first.build.artifact)

    const third = await aws.run(imageOf({ name: 'cow', regions, forceDeregister: true }))
    expect(third.build.error).toBeUndefined()
    expect(third.calls.map(({ operation }) => operation)).not.toContain('DeleteSnapshot')
    const old = second.build.artifact
    aws.removed(old)
    const images = old !== undefined && 'images' in old && Array.isArray(old.images) ? (old.images as readonly object[]) : []
    aws.keeps({ type: 'snapshots', id: JSON.stringify(images).replaceAll('ami-', 'old-') })
    expect(images).toHaveLength(2)
  }))

test('an image that is to be elsewhere only is made under another name, and goes when its copies are there', () =>
  emulated({}, async (aws) => {
    const { build } = await aws.run(imageOf({ name: 'cow', regions: ['eu-west-1', 'eu-central-1'], skipBuildRegion: true }))
    expect(build.artifact?.id).toMatch(/^eu-central-1:ami-\w+,eu-west-1:ami-\w+$/)
    const images = aws.emulator.leftovers().filter(({ kind }) => kind === 'image')
    expect(images.map(({ region, name }) => `${region} ${name ?? ''}`)).toEqual(
      expect.arrayContaining(['eu-west-1 cow', 'eu-central-1 cow']),
    )
    expect(images).toHaveLength(2)
    expect(aws.emulator.journal.counts()).toMatchObject({ CreateImage: 1, CopyImage: 2, DeregisterImage: 1 })
  }))

test('a snapshot that was there already stays as it is, whatever becomes of an AMI with a volume of it', () =>
  emulated({}, async (aws) => {
    const volumes = [{ device: '/dev/sdf', size: 1, deleteOnTermination: true, snapshot: {} }] as const
    // it bears tags of a build, too, and must be there when this test ends
    const { build: data } = await aws.run(defineImage({ name: 'cow', builders: { data: ebsVolume({ ...base, volumes }) } }))
    const [snapshotId = ''] = /snap-[0-9a-f]{17}/.exec(JSON.stringify(data.artifact)) ?? []
    const blockDevices = [{ device: '/dev/sdf', snapshotId }]
    aws.emulator.faults.inject({ type: 'image-failed', operation: 'CopyImage' })
    const failed = await aws.run(imageOf({ name: 'cow', blockDevices, regions: ['eu-west-1'] }))
    expect(failed.build.error?.code).toBe('PROVIDER_FAILED')

    const ami = { name: 'cow', blockDevices, shareSnapshotsWith: { accounts: ['210987654321'] } }
    const first = await aws.run(imageOf(ami))
    expect(first.build.error).toBeUndefined()
    expect(first.calls.find(({ operation }) => operation === 'CreateImage')?.input).toMatchObject({
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId: snapshotId } }],
    })
    const second = await aws.run(imageOf({ ...ami, forceDeregister: true, forceDeleteSnapshots: true }))
    aws.removed(first.build.artifact)
    const changes = [...first.calls, ...second.calls].filter(({ operation }) => /^(?:Delete|Modify)/.test(operation))
    expect(JSON.stringify(changes)).not.toContain(snapshotId)

    const made = second.build.artifact as AmiArtifact // it has succeeded
    await amazonEbs({ ...base, ami }).destroyArtifact?.(made, { directory: aws.directory, signal: new AbortController().signal })
    aws.removed(made)
    expect(aws.emulator.leftovers().map(({ id }) => id)).toEqual([snapshotId])
  }))

test('how far the snapshots of an image are is told', () =>
  emulated({ delays: { image: 1000, copy: 1000 } }, async (aws) => {
    const { events } = await aws.run(imageOf({ name: 'cow', regions: ['eu-west-1'] }))
    const progress = events.flatMap((event) => (event.type === 'progress' && event.unit === 'percent' ? [event.task] : []))
    expect(new Set(progress)).toEqual(new Set(['snapshots in us-west-2', 'snapshots in eu-west-1']))
  }))

test('how far a snapshot is is told, further every time, up to its end', () =>
  emulated({ delays: { snapshot: 1000 } }, async (aws) => {
    const launch = { blockDevices: [{ device: '/dev/sdf', size: 8 }] } as const
    const builder = ebsSurrogate({ ...base, launch, ami: { name: 'cow', rootDevice: { source: '/dev/sdf' } } })
    const { events } = await aws.run(defineImage({ name: 'cow', builders: { aws: builder } }))
    const done = events.flatMap((event) => (event.type === 'progress' && event.task.startsWith('snapshot snap-') ? [event.done] : []))
    expect(done.length).toBeGreaterThan(1)
    expect(done).toEqual([...new Set(done)].toSorted((a, b) => a - b))
    expect(done.at(-1)).toBe(100)
  }))
