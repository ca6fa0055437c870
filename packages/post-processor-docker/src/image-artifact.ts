import type { DockerImageArtifact } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { CallOptions, Engine } from '@imago/docker-engine'

/**
 * The artifact of an image in an engine's store.
 * @throws ImagoError `IMAGE_NOT_FOUND`
 */
export async function imageArtifact(engine: Engine, image: string, options: CallOptions): Promise<DockerImageArtifact> {
  const details = await engine.images.inspect(image, options)
  if (details === undefined) throw new ImagoError('IMAGE_NOT_FOUND', `the engine at ${engine.endpoint} has no image '${image}' any more`)
  const { id, size, tags, digests } = details
  return { type: 'docker-image', id, imageId: id, size, tags, digests, engine: engine.endpoint }
}

/**
 * The names of an image that are still its own: another build may have taken one meanwhile.
 * @throws ImagoError `IMAGE_NOT_FOUND` when the engine has lost the image
 */
export async function ownNames(engine: Engine, image: DockerImageArtifact, options: CallOptions): Promise<readonly string[]> {
  await imageArtifact(engine, image.imageId, options)
  const names = [...new Set(image.tags)]
  const owners = await Promise.all(names.map((name) => engine.images.inspect(name, options)))
  return names.filter((_, index) => owners[index]?.id === image.imageId)
}

/** Takes names away from an image, as far as they are still its own. With its last name, the engine removes the image itself. */
export async function removeNames(engine: Engine, imageId: string, names: readonly string[], options: CallOptions): Promise<void> {
  for (const name of names) {
    const details = await engine.images.inspect(name, options)
    if (details?.id === imageId) await engine.images.remove(name, options)
  }
}

/** Removes an image that this package made: its names, and the image itself unless somebody has given it another one. */
export async function removeImage(engine: Engine, artifact: DockerImageArtifact, options: CallOptions): Promise<void> {
  await removeNames(engine, artifact.imageId, artifact.tags, options)
  const left = await engine.images.inspect(artifact.imageId, options)
  if (left?.tags.length === 0) await engine.images.remove(artifact.imageId, options)
}
