import type { DockerImageArtifact } from '@imago/core'
import { expectTypeOf, test } from 'vitest'

import type { DiscardedArtifact, DockerRootfsArtifact } from './docker-result.ts'
import { docker } from './docker.ts'

test('the artifact follows from the result', () => {
  expectTypeOf(docker({ image: 'debian:12' }).build).returns.resolves.toEqualTypeOf<DockerImageArtifact>()
  expectTypeOf(docker({ image: 'debian:12', result: { type: 'commit' } }).build).returns.resolves.toEqualTypeOf<DockerImageArtifact>()
  expectTypeOf(
    docker({ image: 'debian:12', result: { type: 'export', path: 'x' } }).build,
  ).returns.resolves.toEqualTypeOf<DockerRootfsArtifact>()
  expectTypeOf(docker({ image: 'debian:12', result: { type: 'discard' } }).build).returns.resolves.toEqualTypeOf<DiscardedArtifact>()
})

test('a start is an image or a Dockerfile', () => {
  // @ts-expect-error neither
  docker({})
  // @ts-expect-error both
  docker({ image: 'debian:12', dockerfile: { path: 'Dockerfile' } })
})
