import { resolve } from 'node:path'

import type { ArtifactReference } from '@imago/core'
import { digestOf, isArtifactReference } from '@imago/core'

import { readLayout } from '../archive/layout-reader.ts'
import type { OciArchiveArtifact } from '../oci-artifact.ts'
import type { Base, BaseContext } from './base.ts'
import { installLayers } from './install-layers.ts'

/** An image in an OCI image layout as a base. */
export interface OciArchiveSource {
  readonly kind: 'oci-archive'
  readonly image: string | ArtifactReference<OciArchiveArtifact>
}

/**
 * Starts from an image in an OCI image layout: a tar archive, a folder, or what another build makes. Of images for several platforms, the
 * one for the build's platform is taken. The layers become part of the new image byte for byte.
 *
 * Fails with `INPUT_MISSING`, `UNSUPPORTED` for other archives, `IMAGE_NOT_FOUND`, `CHECKSUM_MISMATCH`.
 * @example oci({ from: ociArchive('base.oci.tar') })
 * @example oci({ from: ociArchive(artifactOf(base, 'oci')) })
 */
export function ociArchive(image: string | ArtifactReference<OciArchiveArtifact>): OciArchiveSource {
  return { kind: 'oci-archive', image }
}

function sourceName(image: OciArchiveSource['image']): string {
  return isArtifactReference(image) ? `${image.image.name}.${image.build}` : image
}

/** Reads the image and unpacks its layers. */
export async function ociArchiveBase({ image }: OciArchiveSource, context: BaseContext): Promise<Base> {
  const { build, directory, platform, step } = context
  const path = isArtifactReference(image) ? (build.artifact(image).files[0]?.path ?? '') : resolve(build.directory, image)
  const { digest, config, layers } = await readLayout({ path, directory: `${directory}/layout`, platform, signal: step.signal })
  await installLayers(layers, context)
  const material = { name: sourceName(image), ...digestOf(digest) }
  return { name: `${path} (${digest})`, config, layers, material }
}
