import type { DockerImageArtifact } from '@imago/core'
import { expect, test } from 'vitest'

import type { ImageLookup } from './docker-image.ts'
import { imageReference } from './docker-image.ts'

const image: DockerImageArtifact = {
  type: 'docker-image',
  id: 'x',
  imageId: 'sha256:1',
  size: 1,
  tags: [],
  digests: [],
  engine: 'unix:///x',
}

/** An engine that holds one image under these names. */
function engine(...tags: readonly string[]): ImageLookup {
  const details = { id: 'sha256:1', tags, digests: [], size: 1, os: 'linux', architecture: 'arm64', config: {}, layers: [] }
  return { endpoint: 'unix:///x', images: { inspect: async (name) => (name === 'sha256:1' ? details : undefined) } }
}

test.each<[string, Partial<DockerImageArtifact>, string]>([
  ['its digest in a registry', { tags: ['cow:1'], digests: ['ghcr.io/cow@sha256:2'] }, 'ghcr.io/cow@sha256:2'],
  ['a name that it still has', { tags: ['taken:1', 'cow:1'] }, 'cow:1'],
  ['its id, when it has no name any more', { tags: ['taken:1'] }, 'sha256:1'],
])('an image is named by %s', async (_, names, expected) => {
  expect(await imageReference({ ...image, ...names }, engine('cow:1'), {})).toEqual({ name: expected, architecture: 'arm64' })
})

test('an image that the engine has lost is an error', async () => {
  await expect(imageReference({ ...image, imageId: 'sha256:3' }, engine(), {})).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: "the engine at unix:///x has no image 'sha256:3' any more",
  })
})
