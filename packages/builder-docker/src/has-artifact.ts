import type { LookupContext } from '@imago/core'
import { hasImage } from '@imago/docker-engine'

import type { DockerArtifact, DockerResult } from './docker-result.ts'

/** Whether an image is still in its engine, under its names. A container that was discarded has left nothing to be found. */
export async function hasDockerArtifact(artifact: DockerArtifact<DockerResult>, { signal }: LookupContext): Promise<boolean> {
  return artifact.type === 'docker-image' && (await hasImage(artifact, { signal }))
}
