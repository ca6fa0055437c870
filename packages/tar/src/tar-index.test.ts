import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { TarEntry } from './entry.ts'
import { packEntries } from './pack-entries.ts'
import { tarIndex } from './tar-index.ts'

const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const
const long = `${'folder/'.repeat(40)}long name, ünïcödé`

let path = ''
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'imago-tar-')), 'a.tar')
})
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }))

function file(name: string, content: string): TarEntry {
  return { ...common, type: 'file', name, size: Buffer.byteLength(content), content: Buffer.from(content) }
}

async function pack(...entries: readonly TarEntry[]): Promise<void> {
  await writeFile(path, await buffer(packEntries(entries)))
}

test('says where each file is, and nothing of directories and links', async () => {
  const contents = { 'cow.ovf': '<xml/>', 'disks/one.vmdk': 'x'.repeat(5000), [long]: 'with a long name', empty: '' }
  await pack({ ...common, type: 'directory', name: 'disks' }, ...Object.entries(contents).map(([name, content]) => file(name, content)), {
    ...common,
    type: 'symlink',
    name: 'link',
    linkName: 'cow.ovf',
  })
  const archive = await readFile(path)
  const found = (await tarIndex(path)).map(({ name, start, size }) => [name, archive.toString('utf8', start, start + size)])
  expect(found).toEqual(Object.entries(contents))
})

test('a file that is larger than octal digits can say', async () => {
  await pack(file('large.vmdk', 'content'))
  const archive = await readFile(path)
  archive.fill(0, 124, 136)
  archive[124] = 0x80
  archive.writeBigUInt64BE(20n * 2n ** 30n, 128)
  archive.write(' '.repeat(8), 148, 'latin1')
  archive.write(
    archive
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0') + '\0 ',
    148,
    'latin1',
  )
  await writeFile(path, archive)
  await truncate(path, 512 + 20 * 2 ** 30 + 1024) // a hole
  expect(await tarIndex(path)).toEqual([{ name: 'large.vmdk', start: 512, size: 20 * 2 ** 30 }])
})

test.for<[string, (archive: Buffer) => Uint8Array, RegExp]>([
  ['that ends in the middle of a file', (archive) => archive.subarray(0, 700), /it ends in the middle of a file$/],
  ['that ends in the middle of a header', (archive) => archive.subarray(0, 300), /it ends in the middle$/],
  ['whose header is damaged', (archive) => archive.fill(0x41, 10, 11), /it is damaged, or no such archive$/],
  ['that is none', () => Buffer.from('#!/bin/sh\n'.repeat(100)), /it is damaged, or no such archive$/],
])('an archive %s is an error', async ([, change, message]) => {
  await pack(file('a', 'x'.repeat(2000)))
  await writeFile(path, change(await readFile(path)))
  await expect(tarIndex(path)).rejects.toMatchObject({ code: 'TRANSFER_FAILED', message: expect.stringMatching(message) })
})

test('an archive that is not there is an error, and so is a signal that was aborted', async () => {
  await expect(tarIndex(path)).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  await pack(file('a', 'b'))
  await expect(tarIndex(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
})
