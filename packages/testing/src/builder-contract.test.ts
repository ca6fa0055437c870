import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, test } from 'vitest'

import { builderContract } from './builder-contract.ts'
import { fakeBuilder } from './fake-builder.ts'

describe('the fake builder', () => {
  builderContract({ describe, test, afterAll, builder: () => fakeBuilder() })
})

describe('a fake builder of files', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-files-'))
  })
  afterAll(async () => await rm(folder, { recursive: true }))
  builderContract({
    describe,
    test,
    afterAll,
    builder: () =>
      fakeBuilder({
        makes: { type: 'files', files: true },
        artifact: async ({ image }) => {
          const path = join(folder, image)
          await writeFile(path, 'x')
          const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'
          return { type: 'files', id: path, files: [{ path, size: 1, sha256 }] }
        },
      }),
  })
})
