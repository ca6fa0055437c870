import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { postProcessContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { checksum } from '../src/checksum.ts'

const skip = reasonToSkip({ root: 'test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' })

test.skipIf(skip !== '')(`a full disk is named, and no half file is left${skip}`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imago-checksum-'))
  const small = join(directory, 'small')
  await mkdir(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', small])
  onTestFinished(async () => {
    execFileSync('umount', [small])
    await rm(directory, { recursive: true })
  })
  const path = join(directory, 'a.img')
  await writeFile(path, 'a')
  await writeFile(join(small, 'others'), Buffer.alloc(16 * 1024))
  const context = postProcessContext({ directory })
  await expect(
    checksum({ output: 'small/SUMS' }).process({ type: 'files', id: 'x', files: [{ path, size: 1 }] }, context),
  ).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: `cannot write '${join(small, 'SUMS')}': no space left on the disk`,
  })
  expect(await readdir(small)).toEqual(['others'])
  expect(context.resources.held).toEqual([])
})
