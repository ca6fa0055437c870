import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
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
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf, optionSchema, resolveFacts, splitStepOptions } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import * as v from 'valibot'

import { progressReporter } from './progress-reporter.ts'
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
    title: typeof path === 'string' ? `save ${path}` : 'save the image',
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
  let sendError: Error | undefined
  const measure = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
      progress.onProgress({ bytes: size, total: Math.max(size, input.size) })
      yield chunk
    }
  }
  try {
    await mkdir(dirname(path), { recursive: true })
    const archive = await engine.images.save(input.tags.length > 0 ? input.tags : [input.imageId], { signal: ctx.signal })
    archive.once('error', (error) => (sendError = error))
    await pipeline(archive, measure, createWriteStream(temporary, { flags: 'wx' }), { signal: ctx.signal })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // what went wrong first counts
    throw ctx.signal.aborted ? abortError(ctx.signal) : saveError(error, sendError, path)
  }
  progress.finish()
  return { type: 'docker-archive', id: path, files: [{ path, size, sha256: hash.digest('hex') }] }
}

function saveError(error: unknown, sendError: Error | undefined, path: string): unknown {
  if (isImagoError(sendError ?? error)) return sendError ?? error
  if (sendError !== undefined)
    return new ImagoError('PROVIDER_FAILED', `the engine stopped sending the image: ${sendError.message}`, { cause: sendError })
  const known = fileSystemError(error, `cannot save the image to '${path}'`)
  if (isImagoError(known, 'DISK_FULL')) return known
  return new ImagoError('OUTPUT_UNWRITABLE', `cannot save the image to '${path}': ${messageOf(error)}`, { cause: error })
}
