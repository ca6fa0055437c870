import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { cdImage, floppyImage } from '../src/index.ts'
import { bench, content } from './fetch-bench.ts'
import { fileServer } from './file-server.ts'
import { patient } from './folder.ts'

const run = promisify(execFile)
const skipped = reasonToSkip({
  root: 'test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"',
  xorriso: 'xorriso -version',
})

describe.skipIf(skipped !== '')(`a full disk${skipped}`, () => {
  test('is named, no other source is tried, and nothing is left on it', async () => {
    const { directory, fetch } = await bench()
    const cacheDirectory = join(directory, 'small')
    await mkdir(cacheDirectory)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'none', cacheDirectory])
    onTestFinished(async () => {
      await run('umount', [cacheDirectory])
    })
    const server = await fileServer(() => ({ content }))
    const fetching = fetch({ url: [`${server.url}/a.iso`, `${server.url}/b.iso`] }, { cacheDirectory })
    await expect(fetching).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining(cacheDirectory) })
    expect(server.asked.length).toBe(1)
    expect(await readdir(cacheDirectory)).toEqual([])

    const medium = { content: { 'a.txt': 'x'.repeat(100_000) }, directory, path: join(cacheDirectory, 'image'), signal: patient }
    await expect(floppyImage(medium)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(cdImage(medium)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await readdir(cacheDirectory)).toEqual([])
  })
})
