import type { DockerImageArtifact } from '@imago/core'

import { connectEngine } from './connect-engine.ts'
import type { CallOptions } from './engine.ts'

/** Whether an image is still in its engine, and has all of its names. */
export async function hasImage({ imageId, tags, engine: host }: DockerImageArtifact, { signal }: CallOptions): Promise<boolean> {
  const engine = await connectEngine({ host }, { signal })
  try {
    const found = await Promise.all([imageId, ...tags].map(async (name) => await engine.images.inspect(name, { signal })))
    return found.every((image) => image?.id === imageId)
  } finally {
    engine.close()
  }
}
