import type { DockerImageArtifact, FilesArtifact, PostProcessContext, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { ImagoError, optionSchema, splitStepOptions } from '@imago/core'
import type { Engine, EngineOptions } from '@imago/docker-engine'
import { hasImage } from '@imago/docker-engine'
import * as v from 'valibot'

import { engineSchema } from './engine-schema.ts'
import { imageArtifact, removeImage } from './image-artifact.ts'
import { namesOf, partsOf, repositorySchema, tagSchema } from './image-name.ts'
import { onlyFile, sendFile } from './local-archive.ts'
import { withEngine } from './with-engine.ts'

/** What {@link dockerLoad} takes. */
export interface DockerLoadOptions {
  /** Names for the image, beside those in the archive. @default none */
  readonly repository?: string
  /** Needs `repository`. @default ['latest'] */
  readonly tags?: readonly string[]
  /** Which engine. @default `DOCKER_HOST`, the current Docker context, or the usual sockets of Docker and Podman */
  readonly engine?: EngineOptions
}

/** The archive of an image, in one file. */
export interface ImageArchiveArtifact extends FilesArtifact {
  readonly type: 'docker-archive' | 'oci-archive'
}

const schema = v.strictObject({
  repository: v.optional(repositorySchema),
  tags: v.optional(v.pipe(v.array(tagSchema), v.minLength(1, 'must hold a tag'))),
  engine: v.optional(engineSchema),
})

/**
 * Loads the archive of an image into a Docker engine: what `dockerSave` or the `oci` builder wrote. The image keeps the names that
 * stand in the archive.
 *
 * Fails with `PROVIDER_UNAVAILABLE` when no engine answers, with `PROVIDER_FAILED` when the engine cannot read the archive, and with
 * `UNSUPPORTED` when it holds several images.
 * @example dockerLoad({ repository: 'cow', tags: ['1.0'], only: ['oci'] })
 */
export function dockerLoad<const O extends string = never, const X extends string = never>(
  options: DockerLoadOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<ImageArchiveArtifact, DockerImageArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  const { repository, tags } = own
  return {
    kind: 'post-processor',
    type: 'docker-load',
    ...common,
    options: own,
    title: repository ?? 'docker-load',
    takes: ['docker-archive', 'oci-archive'],
    makes: { type: 'docker-image', files: false },
    hasArtifact: (artifact, { signal }) => hasImage(artifact, { signal }),
    input: 'kept',
    validate: () => [
      ...optionSchema.schemaIssues(schema, own),
      ...(tags !== undefined && repository === undefined ? [{ path: ['tags'], message: "need a 'repository' beside them" }] : []),
    ],
    process: (input, ctx) => withEngine(own.engine ?? {}, ctx.signal, (engine) => loadImage(engine, input, own, ctx)),
    destroyArtifact: (artifact, { signal }) =>
      withEngine({ host: artifact.engine }, signal, (engine) => removeImage(engine, artifact, { signal })),
  }
}

/** Loads the archive of an image. */
export async function loadImage(
  engine: Engine,
  input: ImageArchiveArtifact,
  options: DockerLoadOptions,
  ctx: Pick<PostProcessContext, 'signal' | 'emit'>,
): Promise<DockerImageArtifact> {
  const call = { signal: ctx.signal }
  const loaded = await sendFile(onlyFile(input), 'load into Docker', ctx, (stream) => engine.images.load(stream, call))
  const artifacts = await Promise.all(loaded.map((image) => imageArtifact(engine, image, call)))
  const [first] = artifacts
  if (first === undefined || artifacts.some(({ imageId }) => imageId !== first.imageId)) {
    throw new ImagoError('UNSUPPORTED', `'${input.id}' holds several images: ${loaded.join(', ')}`, { hint: 'use an archive of one image' })
  }
  const names = options.repository === undefined ? [] : namesOf(options.repository, options.tags)
  for (const name of names) await engine.images.tag(first.imageId, partsOf(name), call)
  return { ...first, tags: [...new Set([...loaded.filter((name) => !name.startsWith('sha256:')), ...names])] }
}
