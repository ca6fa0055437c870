import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { temporaryDirectory } from '../test/fixtures.ts'
import { workDirectory } from './work-directory.ts'

async function remove(path: string): Promise<void> {
  const record = { runId: 'run00001', image: 'cow', build: 'a', kind: 'work-directory', package: '@imago/core', name: path, data: { path } }
  await workDirectory.destroy(record, new AbortController().signal)
}

test('a folder goes with all that is in it, and is not missed when it is gone already', async () => {
  const path = join(await temporaryDirectory(), 'work')
  await mkdir(join(path, 'deep'), { recursive: true })
  await writeFile(join(path, 'deep', 'file'), '')
  await remove(path)
  expect(existsSync(path)).toBe(false)
  await expect(remove(path)).resolves.toBeUndefined()
})

test.skipIf(process.getuid?.() !== 0)('nothing is removed while something is mounted in it (needs root)', async () => {
  const path = join(await temporaryDirectory(), 'work')
  const mounted = join(path, 'a b')
  await mkdir(mounted, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mounted])
  onTestFinished(() => void execFileSync('umount', [mounted]))
  await writeFile(join(mounted, 'precious'), '')
  await expect(remove(path)).rejects.toMatchObject({ code: 'RELEASE_FAILED', message: `something is mounted at '${mounted}'` })
  expect(existsSync(join(mounted, 'precious'))).toBe(true)
})
