import type { BuildContext, StepContext } from '@imago/core'
import { ImagoError, isArtifactReference, reveal } from '@imago/core'
import { loginCredentials, parseImageReference, parsePlatform } from '@imago/container-registry'
import type { Engine, ImageDetails } from '@imago/docker-engine'

import { buildDockerfile } from './build-dockerfile.ts'
import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'

/** Where a build starts. */
export interface StartImage {
  /** As people call it. */
  readonly name: string
  readonly details: ImageDetails
  /** What it was built from, where that is known, and stands for it. @default its id does */
  readonly identity?: object
  /** An image that was made of it by the first steps, which need not run again. @default none */
  readonly snapshot?: string
}

/** Sees to it that the engine has the image that the build starts from: looks for it, fetches it or builds it. */
export async function startImage(engine: Engine, options: DockerOptions<DockerResult>, ctx: BuildContext): Promise<StartImage> {
  const { image, dockerfile } = options
  if (dockerfile !== undefined) {
    const title = `build ${dockerfile.path}`
    const { id, ...built } = await ctx.step('dockerfile', title, (step) => buildDockerfile(engine, dockerfile, options, ctx, step))
    return { name: dockerfile.path, details: await existing(engine, id, ctx.signal), ...built }
  }
  if (isArtifactReference(image)) {
    const { imageId, tags } = ctx.artifact(image)
    return { name: tags[0] ?? imageId, details: await existing(engine, imageId, ctx.signal) }
  }
  const found = await engine.images.inspect(image, { signal: ctx.signal })
  if (found !== undefined && !needsPull(found, image, options)) return { name: image, details: found }
  if (options.pull === 'never' || isId(image)) throw noImage(engine, image, options)
  await ctx.step('pull', `pull ${image}`, (step) => pull(engine, image, options, step, ctx))
  return { name: image, details: await existing(engine, image, ctx.signal) }
}

/** Whether the image that the engine has is not the one that is wanted, or may not be. */
export function needsPull(found: ImageDetails, image: string, { pull = 'missing', platform }: DockerOptions<DockerResult>): boolean {
  return !isId(image) && (pull === 'always' || !isFor(found, platform))
}

/** Whether an image is for a platform, the variant aside, which engines do not always know. */
export function isFor(image: ImageDetails, platform: string | undefined): boolean {
  if (platform === undefined) return true
  const { os, architecture } = parsePlatform(platform)
  return image.os === os && image.architecture === architecture
}

function isId(image: string): boolean {
  return /^(?:sha256:[0-9a-f]{12,64}|[0-9a-f]{64})$/.test(image)
}

function noImage(engine: Engine, image: string, { platform, pull }: DockerOptions<DockerResult>): ImagoError {
  const wanted = platform === undefined ? image : `${image} for ${platform}`
  return new ImagoError('IMAGE_NOT_FOUND', `the engine at ${engine.endpoint} has no image ${wanted}`, {
    hint: pull === 'never' ? "fetch it with `docker pull`, or leave out pull: 'never'" : 'an id names only what the engine has already',
  })
}

async function existing(engine: Engine, image: string, signal: AbortSignal): Promise<ImageDetails> {
  const details = await engine.images.inspect(image, { signal })
  if (details !== undefined) return details
  throw new ImagoError('IMAGE_NOT_FOUND', `the engine at ${engine.endpoint} has no image ${image}`, {
    hint: 'it was there a moment ago, or it is in the store of another engine: the option engine says which to use',
  })
}

async function pull(
  engine: Engine,
  image: string,
  options: DockerOptions<DockerResult>,
  step: StepContext,
  ctx: BuildContext,
): Promise<void> {
  const { platform } = options
  const { registry } = parseImageReference(image)
  const login = await loginCredentials(options.login, registry, { signal: step.signal, maskSecret: (value) => ctx.maskSecret(value) })
  if (login !== undefined) ctx.maskSecret(reveal('password' in login ? login.password : login.identityToken))
  await engine.images.pull(image, {
    signal: step.signal,
    ...(platform !== undefined && { platform }),
    ...(login !== undefined && { login }),
    onProgress: ({ bytes, total }) =>
      step.emit({ type: 'progress', task: `pull ${image}`, done: bytes, ...(total !== undefined && { total }), unit: 'bytes' }),
  })
}
