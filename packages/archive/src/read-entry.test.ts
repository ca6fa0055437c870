import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { ArchiveEntry } from './archive-entry.ts'
import { fileEntry } from './archive-entry.ts'
import { BufferPool } from './buffer-pool.ts'
import { readEntry } from './read-entry.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'imago-entry-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

async function contentOf(entry: ArchiveEntry): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readEntry(entry, { pool: new BufferPool(4), onRead() {} })) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks).toString()
}

test('a folder is not a file, and a link that leads nowhere is none either', async () => {
  const path = await folder()
  await symlink('nowhere', join(path, 'link'))
  await expect(fileEntry(path, 'a')).rejects.toMatchObject({ code: 'INPUT_MISSING', message: `'${path}' is not a file` })
  await expect(fileEntry(join(path, 'link'), 'a')).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})

test('a file that grows is read up to the size that it had', async () => {
  const path = join(await folder(), 'a.log')
  await writeFile(path, 'content')
  const entry = await fileEntry(path, 'a.log')
  await writeFile(path, 'content and more')
  expect(await contentOf(entry)).toBe('content')
})

test('a part of a file is read and nothing around it', async () => {
  const path = join(await folder(), 'a.tar')
  await writeFile(path, 'before, the content, and after')
  const entry = { ...(await fileEntry(path, 'a')), size: 'the content'.length, content: { path, start: 'before, '.length } }
  expect(await contentOf(entry)).toBe('the content')
})

test('a part that the file does not have is an error', async () => {
  const path = join(await folder(), 'a.tar')
  await writeFile(path, 'short')
  const entry = { ...(await fileEntry(path, 'a')), size: 100 }
  await expect(contentOf(entry)).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: `'${path}' cannot be read: it became 95 bytes shorter while it was read`,
  })
})

test('content that is no file of this machine', async () => {
  expect(await contentOf({ name: 'a', size: 5, mode: 0o644, mtimeMs: 0, content: Buffer.from('moo\r\n') })).toBe('moo\r\n')
})
