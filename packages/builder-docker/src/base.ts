import { loginCredentials, parseImageReference } from '@imago/container-registry'
import type { LookupContext } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import type { Engine, ImageDetails } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { startIdentity } from './snapshots.ts'
import { isFor, needsPull } from './start-image.ts'

/** What determines the container before its first step, unless an image must be fetched or built to know. */
export async function base(options: DockerOptions<DockerResult>, ctx: LookupContext): Promise<object | undefined> {
  const { image, engine: named } = options
  if (image === undefined) return undefined
  const made = isArtifactReference(image) ? ctx.artifact(image) : undefined
  const engine = await connectEngine(named ?? (made && { host: made.engine }) ?? {}, ctx)
  try {
    const name = isArtifactReference(image) ? (made?.imageId ?? '') : image
    const found = await engine.images.inspect(name, ctx)
    if (found === undefined) return undefined
    const mayBeAnother = made === undefined && needsPull(found, name, options)
    if (mayBeAnother && !(await isNewest(engine, { name, details: found }, options, ctx))) return undefined
    return startIdentity(engine, found, options)
  } finally {
    engine.close()
  }
}

/** Whether the image that the engine has is for the platform, and the one that its registry has. Not when nobody can tell: to fetch it says why. */
async function isNewest(
  engine: Engine,
  { name, details }: { readonly name: string; readonly details: ImageDetails },
  { login: named, platform }: DockerOptions<DockerResult>,
  { signal }: LookupContext,
): Promise<boolean> {
  if (!isFor(details, platform)) return false
  try {
    const { registry } = parseImageReference(name)
    const login = await loginCredentials(named, registry, { signal, maskSecret: () => undefined }) // nothing is said here
    const digest = await engine.images.registryDigest(name, { signal, ...(login !== undefined && { login }) })
    return details.digests.some((known) => known.endsWith(`@${digest}`))
  } catch {
    signal.throwIfAborted()
    return false
  }
}
