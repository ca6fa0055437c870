import { rm } from 'node:fs/promises'

import type { PreflightContext } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'

import type { DockerOptions } from './docker-options.ts'
import type { DockerArtifact, DockerResult } from './docker-result.ts'

/** Removes what a build has made: an image from its engine, an exported file from this machine. */
export async function destroyDockerArtifact(
  artifact: DockerArtifact<DockerResult>,
  { engine: named }: DockerOptions<DockerResult>,
  { signal }: PreflightContext,
): Promise<void> {
  if (artifact.type === 'discarded') return
  if (artifact.type === 'docker-rootfs') return await rm(artifact.files[0].path, { force: true })
  const engine = await connectEngine(named ?? { host: artifact.engine }, { signal })
  try {
    await engine.images.remove(artifact.imageId, { force: true, signal })
  } finally {
    engine.close()
  }
}
