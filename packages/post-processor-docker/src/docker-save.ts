import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type {
  ArtifactFile,
  DockerImageArtifact,
  FilesArtifact,
  FromFacts,
  PostProcessContext,
  PostProcessor,
  PostProcessorOptions,
  Scope,
} from '@imago/core'
import {
  abortError,
  fileSystemError,
  ImagoError,
  isImagoError,
  messageOf,
  optionSchema,
  progressReporter,
  resolveFacts,
  splitStepOptions,
  toImagoError,
} from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import * as v from 'valibot'

import { ownNames } from './image-artifact.ts'
import { withEngine } from './with-engine.ts'

/** What {@link dockerSave} takes. */
export interface DockerSaveOptions {
  /** The file, relative to the definition; its folder is made. What is there is replaced when the new one is whole. */
  readonly path: FromFacts<string>
}

/** A Docker image as `docker save` writes it, in one tar file. `docker load` takes it. */
export interface DockerArchiveArtifact extends FilesArtifact {
  readonly type: 'docker-archive'
  readonly files: readonly [ArtifactFile]
}

const schema = v.strictObject({ path: optionSchema.fromFacts(optionSchema.text) })

/**
 * Saves the image, with all its names, as one tar file. It is written under a temporary name, and its SHA-256 is computed on the way.
 *
 * Fails with `IMAGE_NOT_FOUND` when the engine has lost the image, with `DISK_FULL` and with `OUTPUT_UNWRITABLE`.
 * @example dockerSave({ path: 'out/cow.tar' })
 */
export function dockerSave<const O extends string = never, const X extends string = never>(
  options: DockerSaveOptions & PostProcessorOptions & Scope<O, X>,
): PostProcessor<DockerImageArtifact, DockerArchiveArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  const { path } = own
  return {
    kind: 'post-processor',
    type: 'docker-save',
    ...common,
    options: own,
    title: typeof path === 'string' ? path : 'docker-save',
    takes: ['docker-image'],
    makes: { type: 'docker-archive', files: true },
    input: 'kept',
    validate: () => optionSchema.schemaIssues(schema, own),
    outputs: () => (typeof path === 'string' ? [{ path, at: ['path'] }] : []),
    process: (input, ctx) =>
      withEngine({ host: input.engine }, ctx.signal, (engine) =>
        saveImage(engine, input, resolve(ctx.directory, resolveFacts(path, ctx.facts)), ctx),
      ),
  }
}

/** Saves an image to a path. */
export async function saveImage(
  engine: Engine,
  input: DockerImageArtifact,
  path: string,
  ctx: Pick<PostProcessContext, 'signal' | 'emit'>,
): Promise<DockerArchiveArtifact> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  const progress = progressReporter(`save ${basename(path)}`, ctx.emit)
  const hash = createHash('sha256')
  let size = 0
  let failure: ImagoError | undefined
  const measure = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
      progress.onProgress({ bytes: size, total: Math.max(size, input.size) })
      yield chunk
    }
  }
  try {
    const names = await ownNames(engine, input, { signal: ctx.signal })
    await mkdir(dirname(path), { recursive: true })
    // The file is there before anything can fail that removes it.
    const file = (await open(temporary, 'wx')).createWriteStream()
    const archive = await engine.images.save(names.length > 0 ? names : [input.imageId], { signal: ctx.signal }).catch((error: unknown) => {
      file.destroy()
      throw error
    })
    // Whoever fails first takes the other along.
    archive.once('error', (error) => (failure ??= sendError(error)))
    file.once('error', (error) => (failure ??= writeError(error, path)))
    await pipeline(archive, measure, file, { signal: ctx.signal })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // what went wrong first counts
    throw ctx.signal.aborted ? abortError(ctx.signal) : (failure ?? writeError(error, path))
  }
  progress.finish()
  return { type: 'docker-archive', id: path, files: [{ path, size, sha256: hash.digest('hex') }] }
}

function sendError(error: Error): ImagoError {
  if (isImagoError(error)) return error
  return new ImagoError('PROVIDER_FAILED', `the engine stopped sending the image: ${error.message}`, { cause: error })
}

function writeError(error: unknown, path: string): ImagoError {
  const known = fileSystemError(error, `cannot save the image to '${path}'`)
  if (isImagoError(error) || isImagoError(known, 'DISK_FULL')) return toImagoError(known)
  return new ImagoError('OUTPUT_UNWRITABLE', `cannot save the image to '${path}': ${messageOf(error)}`, { cause: error })
}
