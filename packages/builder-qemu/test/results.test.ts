import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'
import { buildContext } from '@imago/testing'
import { describe, expect, test } from 'vitest'

import type { DiskResult, QemuDiskArtifact } from '../src/index.ts'
import { makeDisks } from '../src/machine-disks.ts'
import { QemuImg } from '../src/qemu-img.ts'
import { runTool } from '../src/run-tool.ts'
import { takeDisks } from '../src/take-disks.ts'
import { processesOf, skipped, temporaryFolder } from './guest.ts'

const signal = AbortSignal.timeout(300_000)
const img = new QemuImg()
const megabyte = 1024 ** 2

/** What a result makes of a machine's disks: one of 3 MB on top of an image whose first MB is full of `moo `, and one of 1 MB. */
async function taken(result: DiskResult, directory: string): Promise<QemuDiskArtifact> {
  const base = join(directory, 'base.raw')
  await writeFile(base, Buffer.alloc(megabyte, 'moo '))
  const options = { diskSize: '3m', extraDisks: [{ size: '1m' }] } as const
  const { tops: disks } = await makeDisks(img, { options, base, folder: join(directory, 'work'), signal })
  const nvram = join(directory, 'work/nvram')
  await writeFile(nvram, 'variables')
  const ctx = buildContext({ directory, workDirectory: join(directory, 'work') })
  return await takeDisks(img, result, { disks, nvram, rootfs: undefined, arch: 'x86_64' }, { ctx, step: ctx })
}

describe.skipIf(skipped !== '')(`what a machine's disks become${skipped}`, () => {
  test.each<DiskResult>([
    { format: 'raw', path: 'out/disk' },
    { format: 'raw', path: 'out/disk', sparse: false },
    { format: 'qcow2', path: 'out/disk' },
    { format: 'qcow2', path: 'out/disk', compress: true },
    { format: 'qcow2', path: 'out/disk', compress: 'zstd' },
    { format: 'vmdk', path: 'out/disk' },
    { format: 'vmdk', path: 'out/disk', compress: true },
    { format: 'vdi', path: 'out/disk' },
    { format: 'vhdx', path: 'out/disk' },
  ])('%j', { timeout: 60_000 }, async (result) => {
    const directory = await temporaryFolder()
    const artifact = await taken({ ...result, nvram: 'out/nvram' }, directory)
    const files = ['disk', 'disk-1', 'nvram'].map((name) => join(directory, 'out', name))
    expect(artifact.files.map(({ path }) => path)).toEqual(files)
    expect(artifact).toMatchObject({ type: 'qemu-disk', format: result.format, virtualSize: 3 * megabyte, nvram: artifact.files[2] })
    expect((await readdir(join(directory, 'out'))).toSorted()).toEqual(['disk', 'disk-1', 'nvram'])
    const { format, virtualSize, backing } = await img.info(join(directory, 'out/disk'), signal)
    expect([format, virtualSize, backing]).toEqual([result.format, 3 * megabyte, undefined])
    const raw = join(directory, 'disk.raw')
    await runTool(['qemu-img', 'convert', '-O', 'raw', join(directory, 'out/disk'), raw], { signal })
    expect((await readFile(raw)).equals(Buffer.concat([Buffer.alloc(megabyte, 'moo '), Buffer.alloc(2 * megabyte)]))).toBe(true)
  })

  test.each([
    [true, 'no'],
    [false, 'all'],
  ])('a raw disk, sparse: %s: zeros take up %s room', async (sparse, room) => {
    const directory = await temporaryFolder()
    await taken({ format: 'raw', path: 'disk', sparse }, directory)
    const { size, blocks } = await stat(join(directory, 'disk'))
    expect([size, blocks * 512 > 2 * megabyte ? 'all' : 'no']).toEqual([3 * megabyte, room])
  })

  test.each<[DiskResult, boolean, object]>([
    [{ format: 'qcow2', path: 'disk', compress: false }, false, { 'compression-type': 'zlib' }],
    [{ format: 'qcow2', path: 'disk', compress: true }, true, { 'compression-type': 'zlib' }],
    [{ format: 'qcow2', path: 'disk', compress: 'zstd' }, true, { 'compression-type': 'zstd' }],
    [{ format: 'vmdk', path: 'disk' }, false, { 'create-type': 'monolithicSparse' }],
    [{ format: 'vmdk', path: 'disk', compress: true }, true, { 'create-type': 'streamOptimized' }],
  ])('%j: compressed: %s', async (result, isSmaller, data) => {
    const directory = await temporaryFolder()
    const artifact = await taken(result, directory)
    expect((artifact.files[0]?.size ?? 0) < megabyte).toBe(isSmaller)
    const { stdout } = await runTool(['qemu-img', 'info', '--output=json', join(directory, 'disk')], { signal })
    expect(JSON.parse(stdout)).toMatchObject({ 'format-specific': { data } })
  })

  test('a disk that was never built upon is not written again', async () => {
    const directory = await temporaryFolder()
    const { tops: disks } = await makeDisks(img, { options: { diskSize: '3m' }, base: undefined, folder: join(directory, 'work'), signal })
    const { ino } = await stat(disks[0]?.path ?? '')
    const ctx = buildContext({ directory, workDirectory: join(directory, 'work') })
    const result = { format: 'qcow2', path: 'disk' } as const
    await takeDisks(img, result, { disks, nvram: undefined, rootfs: undefined, arch: 'x86_64' }, { ctx, step: ctx })
    expect((await stat(join(directory, 'disk'))).ino).toBe(ino)
  })

  test('when one file cannot be written, none gets its name', async () => {
    const directory = await temporaryFolder()
    await writeFile(join(directory, 'nvram'), 'in the way of a folder')
    const error: unknown = await taken({ format: 'raw', path: 'out/disk', nvram: 'nvram/x' }, directory).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ImagoError)
    expect(error).toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect((await readdir(join(directory, 'out'))).filter((name) => !name.endsWith('.partial'))).toEqual([])
  })

  test('cancelled while a disk is written, it leaves no file and no process', async () => {
    const directory = await temporaryFolder()
    const base = join(directory, 'base.raw')
    await runTool(['dd', 'if=/dev/urandom', `of=${base}`, 'bs=1M', 'count=24'], { signal })
    const { tops: disks } = await makeDisks(img, { options: {}, base, folder: join(directory, 'work'), signal })
    const cancelling = new AbortController()
    const ctx = buildContext({ directory, workDirectory: join(directory, 'work'), signal: cancelling.signal })
    const step = { ...ctx, emit: ({ type }: { readonly type: string }) => void (type === 'progress' && cancelling.abort()) }
    const result = { format: 'qcow2', path: 'out/disk', compress: 'zlib' } as const
    const taking = takeDisks(img, result, { disks, nvram: undefined, rootfs: undefined, arch: 'x86_64' }, { ctx, step })
    await expect(taking).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(processesOf(directory)).toEqual([])
    expect((await readdir(join(directory, 'out'))).filter((name) => !name.endsWith('.partial'))).toEqual([])
  })

  test('an image to start from that cannot be read is told in the words of qemu-img', async () => {
    const directory = await temporaryFolder()
    await writeFile(join(directory, 'broken.qcow2'), Buffer.from('514649fb00000009', 'hex'))
    const options = { options: {}, base: join(directory, 'broken.qcow2'), folder: join(directory, 'work'), signal }
    await expect(makeDisks(img, options)).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringMatching(/^cannot read the disk image '\S+broken\.qcow2': Could not open .*/) as unknown,
    })
  })
})
