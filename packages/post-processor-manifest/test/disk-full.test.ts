import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { postProcessContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { manifest } from '../src/manifest.ts'

const skip = reasonToSkip({ root: 'test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' })

test.skipIf(skip !== '')(`a full disk is named, and leaves the manifest as it was${skip}`, async () => {
  const small = await mkdtemp(join(tmpdir(), 'imago-manifest-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'none', small])
  onTestFinished(async () => {
    execFileSync('umount', [small])
    await rm(small, { recursive: true })
  })
  const context = (build: string) => postProcessContext({ directory: small, build })
  await manifest().process({ type: 'docker-image', id: 'sha256:1' }, context('a'))
  const before = await readFile(join(small, 'imago-manifest.json'), 'utf8')
  const large = { type: 'docker-image', id: 'x'.repeat(64_000) }
  await expect(manifest().process(large, context('b'))).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: `cannot write '${join(small, 'imago-manifest.json')}': no space left on the disk`,
  })
  expect(await readdir(small)).toEqual(['imago-manifest.json'])
  expect(await readFile(join(small, 'imago-manifest.json'), 'utf8')).toBe(before)
})
