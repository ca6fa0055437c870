import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineImage, sweep } from '@imago/core'
import type { Duration, SweptResource } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, expect, test, vi } from 'vitest'

import { amazonEbs, amazonImport, sweepAmazon } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'
import { madeDisk } from './made-disk.ts'

afterEach(() => vi.unstubAllEnvs())

/** Builds as far as the copy of the image, and leaves everything as a run does that is killed there. */
async function leave(aws: Emulated, expireAfter: Duration): Promise<void> {
  aws.emulator.faults.inject({ type: 'image-failed', operation: 'CopyImage' })
  const image = defineImage({
    name: 'cow',
    builders: {
      aws: amazonEbs({
        region: 'us-west-2',
        sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
        instanceType: ['t3.small'],
        spot: {},
        connect: { communicator: 'none' },
        launch: { instanceProfile: { policy: { Version: '2012-10-17', Statement: [] } } },
        ami: { name: 'cow', regions: ['eu-west-1'] },
        polling: { interval: '20ms' },
        expireAfter,
      }),
    },
  })
  const { build } = await aws.run(image, { onError: 'abort' })
  expect(build.status).toBe('failed')
}

const outcomes = (swept: readonly SweptResource[]): readonly string[] => [...new Set(swept.map(({ outcome }) => outcome))]
const regions = ['us-west-2', 'eu-west-1']

test('what was left is removed by its journal', () =>
  emulated({}, async (aws) => {
    await leave(aws, '1d')
    expect(aws.emulator.leftovers().length).toBeGreaterThan(4)
    const swept = await sweep({ stateDirectory: aws.stateDirectory })
    expect(outcomes(swept)).toEqual(['removed'])
    expect(aws.emulator.leftovers()).toEqual([])
  }))

test('what was left is removed by its tags, on another machine, when its time is over', () =>
  emulated({}, async (aws) => {
    await leave(aws, 1)
    const stateDirectory = await mkdtemp(join(tmpdir(), 'imago-elsewhere-'))
    try {
      const plugin = sweepAmazon({ regions, onlyExpired: true })
      // the run's process is this one, which is alive; a machine that knows nothing of it must not touch what is younger
      const find = async (signal: AbortSignal) =>
        ((await plugin.find?.(signal)) ?? []).map((found) => ({ ...found, owner: 'another-host/boot/1/2' }))
      const dry = await sweep({ stateDirectory, plugins: [{ ...plugin, find }], dryRun: true })
      expect(outcomes(dry)).toEqual(['would-remove'])
      const swept = await sweep({ stateDirectory, plugins: [{ ...plugin, find }] })
      expect(swept.filter(({ outcome }) => outcome !== 'removed')).toEqual([])
      expect(new Set(swept.map(({ record }) => record.kind))).toEqual(
        new Set([
          'amazon-security-group',
          'amazon-launch-template',
          'amazon-image',
          'amazon-snapshot',
          'amazon-instance-profile',
          'amazon-role',
        ]),
      )
      expect(aws.emulator.leftovers()).toEqual([])
    } finally {
      await rm(stateDirectory, { recursive: true, force: true })
    }
  }))

test('what is younger, or belongs to a process that runs, is left alone', () =>
  emulated({ leavesMore: true }, async (aws) => {
    await leave(aws, '1d')
    const before = aws.emulator.leftovers().length
    const stateDirectory = join(aws.directory, 'elsewhere')
    expect(await sweep({ stateDirectory, plugins: [sweepAmazon({ regions, onlyExpired: true })] })).toEqual([])
    expect(outcomes(await sweep({ stateDirectory, plugins: [sweepAmazon({ regions })] }))).toEqual(['in-use'])
    expect(aws.emulator.leftovers()).toHaveLength(before)
  }))

const importOptions = { region: 'us-west-2', bucket: 'imports', polling: { interval: 20 } } as const

test('an import that was left is cancelled by its journal, with new credentials, and its disk deleted', () =>
  emulated({ buckets: ['imports'], delays: { image: 60_000 } }, async (aws) => {
    const { builder } = await madeDisk(aws)
    aws.emulator.faults.inject({ type: 'expired-credentials', operation: 'DescribeImportImageTasks', after: 1 })
    const { build } = await aws.run(
      defineImage({ name: 'cow', builders: { disk: builder }, postProcessors: [amazonImport(importOptions)] }),
    )
    expect(build.status).toBe('failed')
    expect(aws.emulator.leftovers()).toMatchObject([{ kind: 'object', tags: { 'imago.image': 'cow' } }])
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIARENEWED')
    const swept = await sweep({ stateDirectory: aws.stateDirectory })
    expect(swept.map(({ outcome, record }) => `${record.kind} ${outcome}`)).toEqual(['amazon-import-task removed', 'amazon-object removed'])
    expect(aws.emulator.journal.calls('CancelImportTask').at(-1)?.outcome.type).toBe('answered')
  }))

test('an import that was left is found by its tags; one that is finished is not', () =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const { artifact } = await madeDisk(aws)
    aws.keeps(await amazonImport(importOptions).process(artifact, postProcessContext()))
    const cancel = new AbortController()
    const fault = aws.emulator.faults.inject({ type: 'slow-answer', operation: 'DescribeImportImageTasks', ms: Infinity })
    const ctx = postProcessContext({ signal: cancel.signal })
    const work = amazonImport(importOptions).process(artifact, ctx)
    await vi.waitUntil(() => fault.hits > 0, 20_000)
    cancel.abort()
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' }) // and nobody releases what it holds
    const plugin = sweepAmazon({ regions })
    const find = async (signal: AbortSignal) =>
      ((await plugin.find?.(signal)) ?? []).map((found) => ({ ...found, owner: 'another-host/boot/1/2' }))
    const swept = await sweep({ stateDirectory: join(aws.directory, 'elsewhere'), plugins: [{ ...plugin, find }], otherHosts: true })
    expect(swept.map(({ outcome, record }) => `${record.kind} ${outcome}`)).toEqual(['amazon-import-task removed'])
  }))

test('a finished image is nothing that was left', () =>
  emulated({}, async (aws) => {
    const image = defineImage({
      name: 'cow',
      builders: {
        aws: amazonEbs({
          region: 'us-west-2',
          sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
          instanceType: 't3.small',
          connect: { communicator: 'none' },
          ami: { name: 'cow' },
          expireAfter: 1,
        }),
      },
    })
    expect((await aws.run(image)).build.status).toBe('succeeded')
    expect(
      await sweep({ stateDirectory: aws.stateDirectory, plugins: [sweepAmazon({ regions, onlyExpired: true })], otherHosts: true }),
    ).toEqual([])
    expect(aws.emulator.leftovers()).toHaveLength(2)
  }))
