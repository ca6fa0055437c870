import type { LookupContext } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'

import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { startIdentity } from './snapshots.ts'
import { needsPull } from './start-image.ts'

/** What determines the container before its first step, unless an image must be fetched or built to know. */
export async function base(options: DockerOptions<DockerResult>, ctx: LookupContext): Promise<object | undefined> {
  const { image, engine: named } = options
  if (image === undefined) return undefined
  const made = isArtifactReference(image) ? ctx.artifact(image) : undefined
  const engine = await connectEngine(named ?? (made && { host: made.engine }) ?? {}, ctx)
  try {
    const name = isArtifactReference(image) ? (made?.imageId ?? '') : image
    const found = await engine.images.inspect(name, ctx)
    if (found === undefined || (made === undefined && needsPull(found, name, options))) return undefined
    return startIdentity(engine, found, options)
  } finally {
    engine.close()
  }
}
