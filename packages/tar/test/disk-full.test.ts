import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, it, onTestFinished } from 'vitest'

import { packContent, packEntries, unpackTo } from '../src/index.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { temporaryFolder } from './tree.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ root: 'test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' })

describe.skipIf(skip !== '')(`a full disk${skip}`, () => {
  it('is named, and no half file is left', async () => {
    const small = join(await temporaryFolder(), 'small')
    await mkdir(small)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'none', small])
    onTestFinished(async () => {
      await run('umount', [small])
    })
    const big = packContent('f', Buffer.alloc(1_000_000))
    await expect(unpackTo(big, join(small, 'f'), { stripName: 'f' })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: `cannot unpack to '${join(small, 'f')}': no space left on the disk`,
    })
    const many = Array.from({ length: 50 }, (_, index) => ({
      type: 'file' as const,
      name: `f${index}`,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 5000,
      content: Buffer.alloc(5000),
    }))
    await expect(unpackTo(packEntries(many), small)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect((await readdir(small)).filter((name) => name.startsWith('.'))).toEqual([])
  })
})
