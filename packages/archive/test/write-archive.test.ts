import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { noise } from '../../../test/noise.ts'
import type { ArchiveEntry } from '../src/index.ts'
import { fileEntry, writeArchive } from '../src/index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-archive-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const description: ArchiveEntry = { name: 'about.json', size: 3, mode: 0o640, mtimeMs: 1_600_000_000_000, content: Buffer.from('{}\n') }

test('files, parts of files and bytes become one archive, in their order', async () => {
  const [disk, path] = [join(directory, 'disk.img'), join(directory, 'out/box.tar.gz')]
  const content = noise(5_000_000)
  await writeFile(disk, content)
  const whole = await fileEntry(disk, 'whole.img')
  const part = { ...whole, name: 'part.img', size: 3_000_001, content: { path: disk, start: 999_999 } }
  const read: number[] = []
  const options = { format: 'tar.gz', onRead: (bytes: number) => read.push(bytes) } as const
  const file = await writeArchive(path, [description, whole, part], options, postProcessContext())

  const written = await readFile(path)
  expect(file).toEqual({ path, size: written.length, sha256: createHash('sha256').update(written).digest('hex') })
  expect(execFileSync('tar', ['-tzf', path], { encoding: 'utf8' })).toBe('about.json\nwhole.img\npart.img\n')
  const contentOf = (name: string): Buffer => execFileSync('tar', ['-xzOf', path, name], { maxBuffer: 1 << 30 })
  expect(contentOf('about.json').toString()).toBe('{}\n')
  expect(contentOf('whole.img').equals(content)).toBe(true)
  expect(contentOf('part.img').equals(content.subarray(999_999, 4_000_000))).toBe(true)
  expect(execFileSync('tar', ['--numeric-owner', '--utc', '-tvzf', path, 'about.json'], { encoding: 'utf8' })).toMatch(
    /^-rw-r----- 0\/0 +3 2020-09-13 12:26 about.json\n$/,
  )
  expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBe(3 + 5_000_000 + 3_000_001)
})

test('an archive never replaces a file that a part of it comes from', async () => {
  const path = join(directory, 'disk.img')
  await writeFile(path, 'content')
  const part = { ...description, size: 2, content: { path, start: 3 } }
  await expect(writeArchive(path, [description, part], { format: 'tar.gz' }, postProcessContext())).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: `cannot write '${path}': it is one of the files that are to be compressed`,
  })
  expect(await readdir(directory)).toEqual(['disk.img'])
})
