import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { fileSystemError } from '@imago/core'
import type { Engine } from '@imago/docker-engine'

import type { DockerfileOptions, DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { dockerfileContext } from './dockerfile-context.ts'
import { dockerfileImages } from './dockerfile-images.ts'

/** A Dockerfile of this machine. Absolute paths. */
export interface LocalDockerfile {
  readonly path: string
  readonly text: string
  /** The folder of its context. */
  readonly folder: string
}

/** Reads the Dockerfile of the options. @throws ImagoError `INPUT_MISSING` */
export async function readDockerfile({ path: given, context }: DockerfileOptions, directory: string): Promise<LocalDockerfile> {
  const path = resolve(directory, given)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${path}'`)
  })
  return { path, text, folder: resolve(directory, context ?? dirname(given)) }
}

/** A digest of what is sent to the engine to build: Dockerfile and context. When the files were written makes no difference. */
export async function contextDigest({ path, folder }: LocalDockerfile, signal: AbortSignal): Promise<string> {
  const { archive, dockerfile } = await dockerfileContext(path, folder, { signal, mtime: 0 })
  const hash = createHash('sha256')
  await pipeline(archive, hash, { signal })
  return `${dockerfile}:${hash.digest('hex')}`
}

/**
 * All that an image of this context is built from: options, and the images that the Dockerfile begins with, as the engine has them.
 * `undefined` where only building tells: of an image that the engine does not have, or not the newest; of one that an `ARG` names; of
 * what `ADD` fetches.
 */
export async function dockerfileIdentity(
  engine: Engine,
  { text, context }: { readonly text: string; readonly context: string },
  { dockerfile, platform, pull }: DockerOptions<DockerResult>,
  signal: AbortSignal,
): Promise<object | undefined> {
  const { names, isOpen } = dockerfileImages(text)
  if (isOpen || pull === 'always') return undefined
  const images = await Promise.all(names.map(async (name) => (await engine.images.inspect(name, { signal }))?.id))
  if (images.includes(undefined)) return undefined
  return { context, images, target: dockerfile?.target, args: dockerfile?.args, platform }
}
