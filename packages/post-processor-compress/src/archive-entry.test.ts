import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { archiveEntries, readEntry } from './archive-entry.ts'
import { BufferPool } from './buffer-pool.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'imago-entry-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

test('files that have only the root in common are named from there, and one that comes twice is taken once', async () => {
  const path = join(await folder(), 'a.img')
  await writeFile(path, 'content')
  const entries = await archiveEntries([path, '/etc/passwd', path].map((each) => ({ path: each, size: 0 })))
  expect(entries.length).toBe(2)
  expect(new Set(entries.map(({ name }) => name))).toEqual(new Set([path.slice(1), 'etc/passwd']))
})

test('a folder is not a file, and a link that leads nowhere is none either', async () => {
  const path = await folder()
  await symlink('nowhere', join(path, 'link'))
  await expect(archiveEntries([{ path, size: 0 }])).rejects.toMatchObject({ code: 'INPUT_MISSING', message: `'${path}' is not a file` })
  await expect(archiveEntries([{ path: join(path, 'link'), size: 0 }])).rejects.toMatchObject({ code: 'INPUT_MISSING' })
})

test('a file that grows is read up to the size that it had', async () => {
  const path = join(await folder(), 'a.log')
  await writeFile(path, 'content')
  const [entry] = await archiveEntries([{ path, size: 7 }])
  if (entry === undefined) throw new Error('there is no entry')
  await writeFile(path, 'content and more')
  const chunks: Uint8Array[] = []
  for await (const chunk of readEntry(entry, { pool: new BufferPool(4), onRead() {} })) chunks.push(Uint8Array.from(chunk))
  expect(Buffer.concat(chunks).toString()).toBe('content')
})
