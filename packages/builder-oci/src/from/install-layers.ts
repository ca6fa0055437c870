import type { Material } from '@imago/core'
import { digestOf, ImagoError } from '@imago/core'

import type { LayerFile } from '../archive/layer-file.ts'
import type { BaseContext } from './base.ts'

/**
 * Unpacks the layers of an image into the root, the lowest first.
 * @throws ImagoError `CHECKSUM_MISMATCH` when one is not what the image's configuration says
 */
export async function installLayers(layers: readonly LayerFile[], { root, step }: BaseContext): Promise<void> {
  for (const { path, diffId, digest } of layers) {
    const found = await root.tree.applyLayer({ path, whiteouts: true }, { signal: step.signal })
    if (found.diffId !== diffId) {
      throw new ImagoError('CHECKSUM_MISMATCH', `the content of layer ${digest} should have the digest ${diffId} and has ${found.diffId}`)
    }
  }
}

/** Writes what was put into the root as the base's one layer. */
export async function ownLayer({ root, step, directory, compression, epoch }: BaseContext): Promise<LayerFile[]> {
  const layer = await root.tree.writeBase({ path: `${directory}/base.layer`, compression, epoch }, { signal: step.signal })
  return layer === undefined ? [] : [layer]
}

/** What the provenance says of a base that has no digest but that of its own layer. */
export function layerMaterial(name: string, [layer]: readonly LayerFile[]): Material {
  return { name, ...(layer !== undefined && digestOf(layer.diffId)) }
}
