import type { DockerImageArtifact, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { ImagoError, optionSchema, splitStepOptions } from '@imago/core'
import type { CallOptions, Engine } from '@imago/docker-engine'
import { hasImage } from '@imago/docker-engine'
import * as v from 'valibot'

import { removeNames } from './image-artifact.ts'
import { namesOf, partsOf, repositorySchema, tagSchema } from './image-name.ts'
import { withEngine } from './with-engine.ts'

/** What {@link dockerTag} takes. */
export interface DockerTagOptions {
  /** Without a tag: `'cow'`, `'localhost:5000/farm/cow'`. */
  readonly repository: string
  /** @default ['latest'] */
  readonly tags?: readonly string[]
  /** Whether a name is taken away from another image that has it; `false` makes that an error. @default true */
  readonly force?: boolean
}

const schema = v.strictObject({
  repository: repositorySchema,
  tags: v.optional(v.pipe(v.array(tagSchema), v.minLength(1, 'must hold a tag'))),
  force: v.optional(v.boolean()),
})

/**
 * Gives the image names in its engine. Its artifact is the same image with these names added; removing it takes the names away again.
 *
 * Fails with `IMAGE_NOT_FOUND` when the engine has lost the image, and with `OUTPUT_UNWRITABLE` when a name is another image's and
 * `force` is `false`.
 * @example [dockerTag({ repository: 'localhost:5000/cow', tags: ['1.0', 'latest'] }), dockerPush()]
 */
export function dockerTag<const O extends string = never, const X extends string = never>(
  options: DockerTagOptions & PostProcessorOptions & Scope<O, X>,
): PostProcessor<DockerImageArtifact, DockerImageArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'post-processor',
    type: 'docker-tag',
    ...common,
    options: own,
    title: own.repository,
    takes: ['docker-image'],
    makes: { type: 'docker-image', files: false },
    hasArtifact: (artifact, { signal }) => hasImage(artifact, { signal }),
    input: 'needed',
    validate: () => optionSchema.schemaIssues(schema, own),
    process: (input, { signal }) => withEngine({ host: input.engine }, signal, (engine) => tagImage(engine, input, own, { signal })),
    destroyArtifact: ({ engine: host, imageId }, { signal }) =>
      withEngine({ host }, signal, (engine) => removeNames(engine, imageId, namesOf(own.repository, own.tags), { signal })),
  }
}

/** Gives an image the names. */
export async function tagImage(
  engine: Engine,
  input: DockerImageArtifact,
  options: DockerTagOptions,
  call: CallOptions,
): Promise<DockerImageArtifact> {
  const names = namesOf(options.repository, options.tags)
  if (options.force === false) await Promise.all(names.map((name) => checkFree(engine, name, input.imageId, call)))
  for (const name of names) await engine.images.tag(input.imageId, partsOf(name), call)
  return { ...input, tags: [...new Set([...input.tags, ...names])] }
}

async function checkFree(engine: Engine, name: string, imageId: string, call: CallOptions): Promise<void> {
  const owner = await engine.images.inspect(name, call)
  if (owner === undefined || owner.id === imageId) return
  throw new ImagoError('OUTPUT_UNWRITABLE', `the name '${name}' is that of another image, ${owner.id}`, {
    hint: 'choose another tag, or let force be true',
  })
}
