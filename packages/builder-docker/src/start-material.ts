import type { Material } from '@imago/core'
import { digestOf } from '@imago/core'
import { formatImageReference, imagePackageUrl, parseImageReference } from '@imago/container-registry'

import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import type { StartImage } from './start-image.ts'

/**
 * What the provenance says of the image that a build starts from: its digest at its registry, where the engine knows one; else, and for an
 * image that was built from a Dockerfile, the digest of its configuration, which is its id.
 */
export function startMaterial({ name: shown, details }: StartImage, { image }: DockerOptions<DockerResult>): Material {
  const { id, digests } = details
  if (typeof image !== 'string' || /^(?:sha256:)?[0-9a-f]{12,64}$/.test(image)) return { name: shown, ...digestOf(id) }
  const reference = parseImageReference(image)
  const { registry, repository } = reference
  const pulled = digests.find((digest) => {
    const known = parseImageReference(digest)
    return known.registry === registry && known.repository === repository
  })
  const name = formatImageReference(reference)
  return pulled === undefined
    ? { name, ...digestOf(id) }
    : { name, uri: imagePackageUrl(reference), ...digestOf(pulled.split('@')[1] ?? '') }
}
