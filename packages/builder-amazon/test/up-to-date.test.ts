import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Image } from '@imago/core'
import { defineImage } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
import { connectAws } from '../src/aws/connect.ts'
import type { Emulated, EmulatedRun } from './emulated.ts'
import { emulated } from './emulated.ts'

const imageOf = (description: string): Image =>
  defineImage({
    name: 'cow',
    builders: {
      aws: amazonEbs({
        region: 'us-west-2',
        sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
        instanceType: 't3.small',
        launch: { userData: { file: 'user-data' } },
        connect: { communicator: 'none' },
        polling: { interval: '20ms' },
        ami: { name: 'cow-{run}', description, regions: ['eu-west-1'] },
        skipUnchanged: true,
      }),
    },
  })

const isUpToDate = async (aws: Emulated, description = 'one'): Promise<EmulatedRun & { readonly skipped: boolean }> => {
  const made = await aws.run(imageOf(description), { cache: true })
  expect(made.build.error).toBeUndefined()
  return { ...made, skipped: made.build.upToDate === true }
}

test('an AMI of which nothing has changed is not made again, and nothing is changed at AWS', () =>
  emulated({}, async (aws) => {
    const file = join(aws.directory, 'user-data')
    await writeFile(file, '#!/bin/sh\n')
    const first = await isUpToDate(aws)
    expect(first.skipped).toBe(false)
    const second = await isUpToDate(aws)
    expect(second.skipped).toBe(true)
    expect(second.build.artifacts).toEqual(first.build.artifacts)
    expect(second.calls.map(({ operation }) => operation).filter((operation) => !/^(?:Describe|Get)/.test(operation))).toEqual([])

    expect((await isUpToDate(aws, 'two')).skipped).toBe(false)
    await writeFile(file, '#!/bin/sh\n# edited\n')
    expect((await isUpToDate(aws, 'two')).skipped).toBe(false)
    expect((await isUpToDate(aws, 'two')).skipped).toBe(true)
  }))

test('an AMI that is gone in one region, or has lost its tags, is made again', () =>
  emulated({ leavesMore: true }, async (aws) => {
    await writeFile(join(aws.directory, 'user-data'), '#!/bin/sh\n')
    const { build } = await isUpToDate(aws)
    const copy = build.artifact as { readonly images?: readonly { readonly region: string; readonly imageId: string }[] } // an AMI
    const there = copy.images?.find(({ region }) => region === 'eu-west-1')?.imageId ?? ''
    const api = (await connectAws({ region: 'us-west-2' })).in('eu-west-1')
    const options = { signal: AbortSignal.timeout(20_000) }
    await api.call('DeregisterImage', { ImageId: there }, options)
    const second = await isUpToDate(aws)
    expect(second.skipped).toBe(false)
    const home = (await connectAws({ region: 'us-west-2' })).in('us-west-2')
    const images = (second.build.artifact as typeof copy).images ?? []
    const own = images.find(({ region }) => region === 'us-west-2')?.imageId ?? ''
    await home.call('DeleteTags', { Resources: [own], Tags: [{ Key: 'imago.run' }] }, options)
    expect((await isUpToDate(aws)).skipped).toBe(false)
  }))
