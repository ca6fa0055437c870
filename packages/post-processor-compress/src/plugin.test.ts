import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { plugin } from './plugin.ts'

test('what a killed run has left is removed, from its record alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-partial-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, '.imago-x.partial')
  await writeFile(path, 'half of it')
  const [kind] = plugin.resourceKinds
  const record = { runId: 'r', image: 'i', build: 'b', kind: 'compress-partial-file', package: plugin.name, name: path, data: { path } }
  await kind?.destroy(record, new AbortController().signal)
  expect(existsSync(path)).toBe(false)
  await kind?.destroy(record, new AbortController().signal)
})
