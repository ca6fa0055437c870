import type { ImageDetails } from '@imago/docker-engine'
import { expect, test } from 'vitest'

import { startMaterial } from './start-material.ts'

const id = `sha256:${'a'.repeat(64)}`
const manifest = 'b'.repeat(64)

function details(digests: readonly string[]): ImageDetails {
  return { id, tags: [], digests, size: 1, os: 'linux', architecture: 'amd64', config: {}, layers: [] }
}

test.each([
  [
    'an image of a registry',
    'debian:12',
    [`other@sha256:${'c'.repeat(64)}`, `debian@sha256:${manifest}`],
    { name: 'docker.io/library/debian:12', uri: 'pkg:docker/debian@12', digest: { sha256: manifest } },
  ],
  ['an image that only the engine knows', 'cow:1', [], { name: 'docker.io/library/cow:1', digest: { sha256: 'a'.repeat(64) } }],
  ['an image by its id', id, [`debian@sha256:${manifest}`], { name: id, digest: { sha256: 'a'.repeat(64) } }],
])('%s is told by its digest', (_, image, digests, material) => {
  expect(startMaterial({ name: image, details: details(digests) }, { image })).toEqual(material)
})

test('what a Dockerfile made is told by its id', () => {
  const start = { name: 'base/Dockerfile', details: details([]) }
  expect(startMaterial(start, { dockerfile: { path: 'base/Dockerfile' } })).toEqual({
    name: 'base/Dockerfile',
    digest: { sha256: 'a'.repeat(64) },
  })
})
