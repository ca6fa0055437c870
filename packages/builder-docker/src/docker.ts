import { dirname } from 'node:path'

import type { ArtifactsContext, Builder, LocalInput } from '@imago/core'

import { base } from './base.ts'
import { build } from './build.ts'
import { destroyDockerArtifact } from './destroy-artifact.ts'
import type { DockerOptions } from './docker-options.ts'
import type { CommitResult, DockerArtifact, DockerResult } from './docker-result.ts'
import { dockerIssues } from './docker-schema.ts'
import { hasDockerArtifact } from './has-artifact.ts'
import { imagesMadeBefore } from './made-before.ts'
import { preflight } from './preflight.ts'
import { dockerSnapshots } from './snapshots.ts'

/**
 * Builds in a container of a Docker or Podman engine. The container starts from an image or a Dockerfile and runs an idle process; the
 * provisioners change it; then it becomes an image, a tar archive of its file system, or nothing. It never outlives the run.
 *
 * Fails with `PROVIDER_UNAVAILABLE` when no engine answers, `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED` when a registry refuses the
 * credentials, `MACHINE_LOST` when the container is stopped from outside, `DISK_FULL`, `OUTPUT_UNWRITABLE`.
 * @example docker({ image: 'debian:12', result: { type: 'commit', repository: 'cow', config: { cmd: ['moo'] } } })
 * @example docker({ dockerfile: { path: 'base/Dockerfile' }, result: { type: 'export', path: 'out/root.tar' } })
 */
export function docker<const R extends DockerResult = CommitResult>(options: DockerOptions<R>): Builder<DockerArtifact<NoInfer<R>>> {
  const result: DockerResult = options.result ?? { type: 'commit' }
  const own: DockerOptions<DockerResult> = options
  const builder: Builder<DockerArtifact<DockerResult>> = {
    kind: 'builder',
    type: 'docker',
    options,
    makes: shapes[result.type] ?? shapes.commit, // of a result that validation reports
    validate: () => dockerIssues(own),
    inputs: () => inputsOf(own),
    outputs: () => (result.type === 'export' && typeof result.path === 'string' ? [{ path: result.path, at: ['result', 'path'] }] : []),
    preflight: (ctx) => preflight(own, ctx),
    base: (ctx) => base(own, ctx),
    snapshots: dockerSnapshots,
    build: (ctx) => build(own, result, ctx),
    hasArtifact: (artifact, ctx) => hasDockerArtifact(artifact, ctx),
    ...(result.type === 'commit' && { artifacts: (ctx: ArtifactsContext) => imagesMadeBefore(own, ctx) }),
    destroyArtifact: (artifact, ctx) => destroyDockerArtifact(artifact, own, ctx),
  }
  // `result` is of type R, and so are what it makes and what is destroyed.
  return builder as unknown as Builder<DockerArtifact<R>>
}

const shapes = {
  commit: { type: 'docker-image', files: false },
  export: { type: 'docker-rootfs', files: true },
  discard: { type: 'discarded', files: false },
} as const

/** Also of options that validation reports. */
function inputsOf({ dockerfile }: DockerOptions<DockerResult>): readonly LocalInput[] {
  if (typeof dockerfile?.path !== 'string') return []
  const { path, context = dirname(path) } = dockerfile
  return [
    { path, at: ['dockerfile', 'path'], kind: 'file' },
    { path: context, at: ['dockerfile', dockerfile.context === undefined ? 'path' : 'context'], kind: 'directory' },
  ]
}
