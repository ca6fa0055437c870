import type { Artifact, ArtifactsContext, DockerImageArtifact, MadeBefore } from '@imago/core'
import { formatImageReference, parseImageReference } from '@imago/container-registry'
import type { Engine, ListedContainer, ListedImage } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import { labelOfImage, originOf } from './artifact-labels.ts'
import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'

/** The images of a build in its engine. Those that were made from one of them have its labels, too, and are not among them. */
export async function imagesMadeBefore(
  { engine: named }: DockerOptions<DockerResult>,
  ctx: ArtifactsContext,
): Promise<readonly MadeBefore<DockerImageArtifact>[]> {
  const known = ctx.known.filter(isDockerImage)
  const latest = known[0]
  const engine = await connectEngine(named ?? (latest && { host: latest.engine }) ?? {}, ctx)
  try {
    const found = await engine.images.list(labelOfImage(ctx.image), ctx) // of several labels, Podman finds nothing
    const images = found.filter((image) => originOf(image)?.build === ctx.build)
    const containers = images.length === 0 ? [] : await engine.containers.list({}, ctx)
    return (await Promise.all(images.map((image) => lookAt(engine, image, { known, containers, signal: ctx.signal })))).flat()
  } finally {
    engine.close()
  }
}

interface Surroundings {
  /** What runs have left. */
  readonly known: readonly DockerImageArtifact[]
  readonly containers: readonly ListedContainer[]
  readonly signal: AbortSignal
}

async function lookAt(
  engine: Engine,
  image: ListedImage,
  { known, containers, signal }: Surroundings,
): Promise<readonly MadeBefore<DockerImageArtifact>[]> {
  const origin = originOf(image)
  const details = origin && (await engine.images.inspect(image.id, { signal }))
  if (origin === undefined || details === undefined) return []
  if ((await engine.images.history(image.id, { signal })).length !== origin.history) return []
  const { id, size, tags, digests } = details
  const container = containers.find(({ imageId }) => imageId === id)
  const given = new Set([origin.name, ...known.flatMap((artifact) => (artifact.imageId === id ? artifact.tags : []))].map(inFull))
  const foreign = tags.find((tag) => !given.has(inFull(tag)))
  const inUse =
    container === undefined
      ? foreign && `it is called ${foreign}, too, and nobody knows of a build that gave it that name`
      : `container ${container.name} uses it`
  return [
    {
      artifact: { type: 'docker-image', id, imageId: id, size, tags, digests, engine: engine.endpoint },
      madeAt: origin.madeAt,
      runId: origin.runId,
      ...(inUse !== undefined && { inUse }),
    },
  ]
}

/** Podman tells names in full, Docker does not. */
function inFull(name: string): string {
  return name === '' ? '' : formatImageReference(parseImageReference(name))
}

function isDockerImage(artifact: Artifact): artifact is DockerImageArtifact {
  return artifact.type === 'docker-image' && 'engine' in artifact
}
