import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'

import type { DockerImageArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { saveImage } from '../src/docker-save.ts'
import { details, fakeEngine } from './fake-engine.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ root: 'test "$(id -u)" = 0 && d=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"' })
const image: DockerImageArtifact = {
  type: 'docker-image',
  id: 'sha256:cow',
  imageId: 'sha256:cow',
  size: 3,
  tags: [],
  digests: [],
  engine: '',
}

describe.skipIf(skip !== '')(`a full disk${skip}`, () => {
  it('is named when an image is saved, and no half file is left', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imago-save-'))
    const small = join(folder, 'small')
    await mkdir(small)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'none', small])
    onTestFinished(async () => {
      await run('umount', [small])
      await rm(folder, { recursive: true })
    })
    const engine = fakeEngine({ inspect: async () => details('sha256:cow'), save: async () => Readable.from([Buffer.alloc(1_000_000)]) })
    await expect(saveImage(engine, image, join(small, 'cow.tar'), postProcessContext())).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: `cannot write '${join(small, 'cow.tar')}': no space left on the disk`,
    })
    expect(await readdir(small)).toEqual([])
  })
})
