import type { DockerImageArtifact } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { CallOptions, Engine } from '@imago/docker-engine'

/** How a box names an image. */
export interface ImageReference {
  /** `repository@sha256:…`, `repository:tag`, or the image's id. */
  readonly name: string
  /** As Docker names it: `amd64`. */
  readonly architecture: string
}

/** What is asked of an engine here. */
export type ImageLookup = Pick<Engine, 'endpoint'> & { readonly images: Pick<Engine['images'], 'inspect'> }

/**
 * How to name an image to others, best first: by its digest in a registry, which is no other image tomorrow; by a name that is still its
 * own; by its id, which only this engine knows.
 * @throws ImagoError `IMAGE_NOT_FOUND` when the engine has lost it
 */
export async function imageReference(image: DockerImageArtifact, engine: ImageLookup, options: CallOptions): Promise<ImageReference> {
  const details = await engine.images.inspect(image.imageId, options)
  if (details === undefined) {
    throw new ImagoError('IMAGE_NOT_FOUND', `the engine at ${engine.endpoint} has no image '${image.imageId}' any more`)
  }
  const [digest] = image.digests
  const tag = image.tags.find((name) => details.tags.includes(name))
  return { name: digest ?? tag ?? details.id, architecture: details.architecture }
}

/** The same, asked of the engine that holds the image. */
export async function lookUpImage(image: DockerImageArtifact, signal: AbortSignal): Promise<ImageReference> {
  const { connectEngine } = await import('@imago/docker-engine')
  const engine = await connectEngine({ host: image.engine }, { signal })
  try {
    return await imageReference(image, engine, { signal })
  } finally {
    engine.close()
  }
}
