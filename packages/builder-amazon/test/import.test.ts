import { defineImage } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { expect, test, vi } from 'vitest'

import { amazonImport } from '../src/index.ts'
import type { AmazonImportOptions } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'
import { creations } from './journal-rules.ts'
import { madeDisk } from './made-disk.ts'

const base = { region: 'us-west-2', bucket: 'imports', polling: { interval: '20ms' } } as const satisfies AmazonImportOptions

const kinds = ({ emulator }: Emulated): readonly string[] => emulator.leftovers().map(({ kind, region }) => `${kind} ${region}`)

test('a disk is uploaded, imported under the name that AWS gives, and removed from the bucket', () =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const ctx = postProcessContext()
    const artifact = await amazonImport({ ...base, ami: { tags: { team: 'cows' }, deprecateAfter: '30d' } }).process(
      (await madeDisk(aws)).artifact,
      ctx,
    )
    aws.keeps(artifact)
    expect(artifact).toMatchObject({ type: 'amazon-ami', name: expect.stringMatching(/^import-ami-/) })
    expect(kinds(aws)).toEqual(['image us-west-2', 'snapshot us-west-2'])
    expect(aws.emulator.leftovers()[0]?.tags).toMatchObject({ team: 'cows', 'imago.run': ctx.runId })
    expect(aws.emulator.leftovers()[0]?.tags).not.toHaveProperty('imago.owner')
    expect(ctx.resources.held).toEqual([])
    expect(ctx.said.events.at(-1)).toMatchObject({ type: 'progress', unit: 'percent' })
  }))

test('a name means a copy, in other regions too', () =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const ctx = postProcessContext()
    const artifact = await amazonImport({ ...base, ami: { name: 'cow', regions: ['eu-west-1'] } }).process(
      (await madeDisk(aws)).artifact,
      ctx,
    )
    aws.keeps(artifact)
    expect(artifact).toMatchObject({ name: 'cow', id: expect.stringMatching(/^eu-west-1:ami-\w+,us-west-2:ami-\w+$/) })
    expect(kinds(aws)).toEqual(['image us-west-2', 'snapshot us-west-2', 'image eu-west-1', 'snapshot eu-west-1'])
    expect(
      aws.emulator
        .leftovers()
        .filter(({ kind }) => kind === 'image')
        .map(({ name }) => name),
    ).toEqual(['cow', 'cow'])
  }))

test('what fails leaves nothing', () =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const ctx = postProcessContext()
    const input = (await madeDisk(aws)).artifact
    aws.emulator.faults.inject({ type: 'error', operation: 'CopyImage', code: 'UnauthorizedOperation', times: Infinity })
    const error: unknown = await amazonImport({ ...base, ami: { name: 'cow' } })
      .process(input, ctx)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    await ctx.resources.releaseAll()
    expect(kinds(aws)).toEqual([])
  }))

test('answers that are lost leave nothing twice', () =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const lost = [
      'CreateMultipartUpload',
      'UploadPart',
      'CompleteMultipartUpload',
      'ImportImage',
      'CopyImage',
      'DeleteObject',
      'DeregisterImage',
    ]
    for (const operation of lost) aws.emulator.faults.inject({ type: 'lost-response', operation })
    const ctx = postProcessContext()
    aws.keeps(await amazonImport({ ...base, ami: { name: 'cow', regions: ['eu-west-1'] } }).process((await madeDisk(aws)).artifact, ctx))
    const cut = aws.emulator.journal.calls().filter(({ outcome }) => outcome.type === 'cut')
    expect(new Set(cut.map(({ operation }) => operation))).toEqual(new Set(lost))
  }))

test.for(['UploadPart', 'CompleteMultipartUpload'])('an upload that is cancelled in %s is ended, and leaves no parts', (operation) =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const { builder } = await madeDisk(aws)
    const cancel = new AbortController()
    const fault = aws.emulator.faults.inject({ type: 'slow-answer', operation, ms: Infinity })
    const image = defineImage({ name: 'cow', builders: { disk: builder }, postProcessors: [amazonImport(base)] })
    const running = aws.run(image, { signal: cancel.signal })
    await vi.waitUntil(() => fault.hits > 0, 20_000)
    cancel.abort()
    expect((await running).build.status).toBe('cancelled')
    // it is cut off, or refused, where the upload was taken back before the emulator came to it
    await vi.waitUntil(() => aws.emulator.journal.calls(operation).some(({ outcome }) => outcome.type !== 'answered'), 20_000)
  }),
)

test('an import that is cancelled is cancelled at AWS, too', () =>
  emulated({ buckets: ['imports'], delays: { image: 60_000 } }, async (aws) => {
    const cancel = new AbortController()
    const ctx = postProcessContext({ signal: cancel.signal })
    const work = amazonImport(base).process((await madeDisk(aws)).artifact, ctx)
    setTimeout(() => cancel.abort(), 500)
    expect(await work.catch((reason: unknown) => reason)).toMatchObject({ code: 'CANCELLED' })
    await ctx.resources.releaseAll()
    expect(aws.emulator.journal.counts()).toMatchObject({ CancelImportTask: 1 })
    expect(kinds(aws)).toEqual([])
  }))

test('a disk that AWS does not import is told before anything is uploaded', async () => {
  const files = [{ path: '/tmp/disk.qcow2', size: 1 }]
  const error: unknown = await amazonImport(base)
    .process({ type: 'qemu-image', id: 'x', files }, postProcessContext())
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'INPUT_MISSING', hint: expect.stringContaining('/tmp/disk.qcow2') })
})

test.for([
  [{ roleName: 'none' }, /ImportImage \(InvalidParameter\): The service role none/],
  [{ region: 'us-west-9' }, /region: the account has no region 'us-west-9'/],
  [{ ami: { regions: ['eu-west-9'] } }, /the account has no region 'eu-west-9'/],
  [{ ami: { tags: { long: () => 'x'.repeat(257) } } }, /ami.tags.long: has 257 characters/],
] as const)('what is wrong is told before anything is uploaded: %j', ([options, message]) =>
  emulated({ buckets: ['imports'] }, async (aws) => {
    const work = amazonImport({ ...base, ...options }).process((await madeDisk(aws)).artifact, postProcessContext())
    await expect(work).rejects.toThrow(message)
    expect(creations(aws.emulator.journal.calls())).toEqual([])
  }),
)

test('options are checked', () => {
  const issues = amazonImport({ ...base, bucket: 'No', ami: { name: 'no', kmsKey: 'x' } }).validate?.() ?? []
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['bucket', 'ami.name', 'ami.kmsKey'])
})
