import { basename, resolve } from 'node:path'

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
  ImagoError,
  isImagoError,
  messageOf,
  optionSchema,
  progressReporter,
  resolveFacts,
  splitStepOptions,
  writeOutputFile,
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
  ctx: Pick<PostProcessContext, 'signal' | 'emit' | 'resources'>,
): Promise<DockerArchiveArtifact> {
  const progress = progressReporter(`save ${basename(path)}`, ctx.emit)
  const names = await ownNames(engine, input, { signal: ctx.signal })
  const archive = await engine.images.save(names.length > 0 ? names : [input.imageId], { signal: ctx.signal })
  const file = await writeOutputFile(path, archive, ctx, {
    onProgress: ({ bytes }) => progress.onProgress({ bytes, total: Math.max(bytes, input.size) }),
  }).catch((error: unknown) => {
    throw isImagoError(error)
      ? error
      : new ImagoError('PROVIDER_FAILED', `the engine stopped sending the image: ${messageOf(error)}`, { cause: error })
  })
  progress.finish()
  return { type: 'docker-archive', id: path, files: [file] }
}
