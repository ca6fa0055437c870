import { loginCredentials, parseImageReference } from '@imago/container-registry'
import type { LookupContext } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import type { Engine, ImageDetails } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import type { DockerfileOptions, DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { contextDigest, dockerfileIdentity, readDockerfile } from './dockerfile-start.ts'
import { startIdentity } from './snapshots.ts'
import { isFor, needsPull } from './start-image.ts'

/** What determines the container before its first step, unless an image must be fetched to know. */
export async function base(options: DockerOptions<DockerResult>, ctx: LookupContext): Promise<object | undefined> {
  const { image, dockerfile, engine: named } = options
  const made = isArtifactReference(image) ? ctx.artifact(image) : undefined
  const engine = await connectEngine(named ?? (made && { host: made.engine }) ?? {}, ctx)
  try {
    if (dockerfile !== undefined) return await dockerfileBase(engine, dockerfile, options, ctx)
    const name = isArtifactReference(image) ? (made?.imageId ?? '') : image
    const found = await engine.images.inspect(name, ctx)
    if (found === undefined) return undefined
    const mayBeAnother = made === undefined && needsPull(found, name, options)
    if (mayBeAnother && !(await isNewest(engine, { name, details: found }, options, ctx))) return undefined
    return startIdentity(engine, { image: found.id, volumes: found.config.volumes }, options)
  } finally {
    engine.close()
  }
}

/** The same for a container of a Dockerfile's image, whether that has been built or not. */
async function dockerfileBase(
  engine: Engine,
  dockerfile: DockerfileOptions,
  options: DockerOptions<DockerResult>,
  { directory, signal }: LookupContext,
): Promise<object | undefined> {
  const local = await readDockerfile(dockerfile, directory)
  const context = await contextDigest(local, signal)
  const image = await dockerfileIdentity(engine, { text: local.text, context }, options, signal)
  return image && startIdentity(engine, { image }, options)
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
