import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { archiveEntries } from './archive-entries.ts'

test('files that have only the root in common are named from there, and one that comes twice is taken once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-entry-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'a.img')
  await writeFile(path, 'content')
  const entries = await archiveEntries([path, '/etc/passwd', path].map((each) => ({ path: each, size: 0 })))
  expect(entries.length).toBe(2)
  expect(new Set(entries.map(({ name }) => name))).toEqual(new Set([path.slice(1), 'etc/passwd']))
})
