import { createHash } from 'node:crypto'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryDirectory } from '../test/fixtures.ts'
import { GrowingFileDigest } from './growing-file-digest.ts'

test('is that of the bytes that were announced, read as they come', async () => {
  const path = join(await temporaryDirectory(), 'file')
  await writeFile(path, 'first, ')
  await using digest = new GrowingFileDigest(path)
  digest.grow(7)
  await appendFile(path, 'second, and more')
  digest.grow(13)
  expect(await digest.finish(13)).toBe(createHash('sha256').update('first, second').digest('hex'))
})

test('fails for a file that is shorter than was said, and for one that is not there', async () => {
  const folder = await temporaryDirectory()
  const path = join(folder, 'file')
  await writeFile(path, 'short')
  await using digest = new GrowingFileDigest(path)
  await expect(digest.finish(6)).rejects.toThrow(`${path} has become shorter`)
  await using none = new GrowingFileDigest(join(folder, 'nothing'))
  await expect(none.finish(1)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a thread that is ended before says so', async () => {
  const path = join(await temporaryDirectory(), 'file')
  await writeFile(path, 'moo')
  const digest = new GrowingFileDigest(path)
  await digest[Symbol.asyncDispose]()
  await expect(digest.finish(3)).rejects.toThrow('has ended')
})
