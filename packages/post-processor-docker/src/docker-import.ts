import type { DockerImageArtifact, FilesArtifact, PostProcessContext, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { ImagoError, optionSchema, splitStepOptions } from '@imago/core'
import { parsePlatform } from '@imago/container-registry'
import type { Engine, EngineOptions } from '@imago/docker-engine'
import { hasImage } from '@imago/docker-engine'
import * as v from 'valibot'

import { engineSchema } from './engine-schema.ts'
import { imageArtifact, removeImage } from './image-artifact.ts'
import { repositorySchema, tagSchema } from './image-name.ts'
import { rootFileSystem, sendFile } from './local-archive.ts'
import { withEngine } from './with-engine.ts'

/** What {@link dockerImport} takes. */
export interface DockerImportOptions {
  /** The image's name, without a tag. @default none: the image has only its id */
  readonly repository?: string
  /** Needs `repository`. @default latest */
  readonly tag?: string
  /** Dockerfile instructions for the configuration: `CMD ["sh"]`, `ENV A=b`. @default none */
  readonly changes?: readonly string[]
  /** What `docker history` shows of the layer. */
  readonly message?: string
  /** `linux/arm64` @default what the artifact says, or the engine's own */
  readonly platform?: string
  /** Which engine. @default `DOCKER_HOST`, the current Docker context, or the usual sockets of Docker and Podman */
  readonly engine?: EngineOptions
}

const platform = v.custom<string>((value) => typeof value === 'string' && isPlatform(value), "must be a platform such as 'linux/arm64'")
const schema = v.strictObject({
  repository: v.optional(repositorySchema),
  tag: v.optional(tagSchema),
  changes: v.optional(v.array(optionSchema.text)),
  message: v.optional(v.string()),
  platform: v.optional(platform),
  engine: v.optional(engineSchema),
})

/**
 * Makes a Docker image of one layer from a root file system: a tar file, plain or compressed with gzip, bzip2 or xz; or the one that an
 * artifact names as its `rootfs`, beside a disk image. For archives that already are images, there is {@link dockerLoad}.
 *
 * Fails with `UNSUPPORTED` for an archive of an image and for an artifact of several files, with `PROVIDER_UNAVAILABLE` and
 * `PROVIDER_FAILED`.
 * @example dockerImport({ repository: 'cow', tag: '1.0', changes: ['CMD ["moo"]'] })
 */
export function dockerImport<const O extends string = never, const X extends string = never>(
  options: DockerImportOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<FilesArtifact, DockerImageArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  const { repository, tag } = own
  return {
    kind: 'post-processor',
    type: 'docker-import',
    ...common,
    options: own,
    title: repository ?? 'docker-import',
    takes: 'files',
    makes: { type: 'docker-image', files: false },
    hasArtifact: (artifact, { signal }) => hasImage(artifact, { signal }),
    input: 'kept',
    validate: () => [
      ...optionSchema.schemaIssues(schema, own),
      ...(tag !== undefined && repository === undefined ? [{ path: ['tag'], message: "needs a 'repository' beside it" }] : []),
    ],
    process: (input, ctx) => withEngine(own.engine ?? {}, ctx.signal, (engine) => importImage(engine, input, own, ctx)),
    destroyArtifact: (artifact, { signal }) =>
      withEngine({ host: artifact.engine }, signal, (engine) => removeImage(engine, artifact, { signal })),
  }
}

/** Imports a root file system. */
export async function importImage(
  engine: Engine,
  input: FilesArtifact,
  options: DockerImportOptions,
  ctx: Pick<PostProcessContext, 'signal' | 'emit'>,
): Promise<DockerImageArtifact> {
  const { repository, tag = 'latest', changes, message } = options
  if (input.type === 'docker-archive' || input.type === 'oci-archive') {
    throw new ImagoError('UNSUPPORTED', `'${input.id}' is the archive of an image, not of a file system`, { hint: 'use dockerLoad for it' })
  }
  const file = rootFileSystem(input)
  const madeFor = 'platform' in input && typeof input.platform === 'string' ? input.platform : undefined
  const forPlatform = options.platform ?? madeFor
  const id = await sendFile(file, 'import into Docker', ctx, (stream) =>
    engine.images.import(stream, {
      signal: ctx.signal,
      ...(repository !== undefined && { name: { repository, tag } }),
      ...(changes !== undefined && { changes }),
      ...(message !== undefined && { message }),
      ...(forPlatform !== undefined && { platform: forPlatform }),
    }),
  )
  return { ...(await imageArtifact(engine, id, { signal: ctx.signal })), tags: repository === undefined ? [] : [`${repository}:${tag}`] }
}

function isPlatform(text: string): boolean {
  try {
    return parsePlatform(text).os !== ''
  } catch {
    return false
  }
}
