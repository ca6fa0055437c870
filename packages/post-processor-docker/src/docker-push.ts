import type { HelperLogin, RegistryCredentials } from '@imago/container-registry'
import { helperLoginEntries, loginCredentials, parseImageReference } from '@imago/container-registry'
import type { DockerImageArtifact, PostProcessContext, PostProcessor, PostProcessorOptions, Scope, Secret } from '@imago/core'
import { ImagoError, optionSchema, progressReporter, reveal, splitStepOptions } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { hasImage } from '@imago/docker-engine'
import * as v from 'valibot'

import { ownNames } from './image-artifact.ts'
import { partsOf } from './image-name.ts'
import { withEngine } from './with-engine.ts'

/** Who pushes: a user, or whom a credential helper of Docker's says. */
export type DockerLogin = {
  /** The registry that is shown this, `'ghcr.io'`. @default the only one that the image is pushed to */
  readonly registry?: string
} & ({ readonly username: string; readonly password: Secret; readonly helper?: never } | HelperLogin)

/** What {@link dockerPush} takes. */
export interface DockerPushOptions {
  /** @default what `docker login` left in Docker's configuration, credential helpers included */
  readonly login?: DockerLogin
}

const schema = v.strictObject({
  login: v.optional(
    v.lazy((value) => {
      const registry = v.optional(optionSchema.text)
      return typeof value === 'object' && value !== null && 'helper' in value
        ? v.strictObject({ registry, ...helperLoginEntries })
        : v.strictObject({ registry, username: optionSchema.text, password: optionSchema.secretValue })
    }),
  ),
})

/**
 * Pushes the image under each of its names, all at the same time, each name once. Its artifact is the same image with the digests that
 * the registries gave it. Nothing removes an image from a registry again.
 *
 * Fails with `AUTHENTICATION_FAILED`, `NETWORK`, and with `UNSUPPORTED` when the image has no name.
 * @example [dockerTag({ repository: 'ghcr.io/farm/cow', tags: ['1.0'] }), dockerPush()]
 */
export function dockerPush<const O extends string = never, const X extends string = never>(
  options: DockerPushOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<DockerImageArtifact, DockerImageArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'post-processor',
    type: 'docker-push',
    ...common,
    options: own,
    title: 'docker-push',
    takes: ['docker-image'],
    makes: { type: 'docker-image', files: false },
    hasArtifact: (artifact, { signal }) => hasImage(artifact, { signal }),
    input: 'needed',
    validate: () => optionSchema.schemaIssues(schema, own),
    process: (input, ctx) => withEngine({ host: input.engine }, ctx.signal, (engine) => pushImage(engine, input, own, ctx)),
  }
}

/** Pushes an image. When one name fails, the others are stopped. */
export async function pushImage(
  engine: Engine,
  input: DockerImageArtifact,
  options: DockerPushOptions,
  ctx: Pick<PostProcessContext, 'signal' | 'emit' | 'maskSecret'>,
): Promise<DockerImageArtifact> {
  const names = [...new Set(input.tags)]
  if (names.length === 0) {
    throw new ImagoError('UNSUPPORTED', `image '${input.imageId}' has no name to push`, { hint: 'put dockerTag before dockerPush' })
  }
  const own = await ownNames(engine, input, { signal: ctx.signal })
  const lost = names.find((name) => !own.includes(name))
  if (lost !== undefined) {
    throw new ImagoError('IMAGE_NOT_FOUND', `'${lost}' is no name of image '${input.imageId}' any more`, {
      hint: 'another build, or somebody else, has given it to another image meanwhile',
    })
  }
  const logins = await loginsOf(names, options.login, ctx)
  const others = new AbortController()
  const call = { ...ctx, signal: AbortSignal.any([ctx.signal, others.signal]) }
  let failure: { readonly error: unknown } | undefined
  const push = async (name: string): Promise<string | undefined> => {
    try {
      return await pushName(engine, name, logins.get(registryOf(name)), call)
    } catch (error) {
      failure ??= { error }
      others.abort()
      return undefined
    }
  }
  const digests = await Promise.all(
    byRepository(names).map(async ([first, ...rest]) => {
      // The first name of a repository takes the layers there. Registries do not like to get the same ones several times at once.
      const digest = await push(first)
      return [digest, ...(await Promise.all(failure === undefined ? rest.map(push) : []))]
    }),
  )
  if (failure !== undefined) throw failure.error
  const known = digests.flat().filter((digest) => digest !== undefined)
  return { ...input, digests: [...new Set([...input.digests, ...known])].toSorted() }
}

function byRepository(names: readonly string[]): readonly (readonly [string, ...string[]])[] {
  const groups = new Map<string, [string, ...string[]]>()
  for (const name of names) {
    const { repository } = partsOf(name)
    const group = groups.get(repository)
    if (group === undefined) groups.set(repository, [name])
    else group.push(name)
  }
  return [...groups.values()]
}

async function pushName(
  engine: Engine,
  name: string,
  login: RegistryCredentials | undefined,
  ctx: Pick<PostProcessContext, 'signal' | 'emit'>,
): Promise<string | undefined> {
  const progress = progressReporter(`push ${name}`, ctx.emit)
  const parts = partsOf(name)
  const { digest } = await engine.images.push(parts, {
    signal: ctx.signal,
    onProgress: progress.onProgress,
    ...(login !== undefined && { login }),
  })
  progress.finish()
  ctx.emit({ type: 'message', level: 'info', text: `pushed ${name}${digest === undefined ? '' : ` (${digest})`}` })
  return digest === undefined ? undefined : `${parts.repository}@${digest}`
}

/** What each registry is shown. Credentials never go to another registry than they are for. */
async function loginsOf(
  names: readonly string[],
  login: DockerLogin | undefined,
  ctx: Pick<PostProcessContext, 'signal' | 'maskSecret'>,
): Promise<ReadonlyMap<string, RegistryCredentials>> {
  const registries = [...new Set(names.map(registryOf))]
  const logins = new Map<string, RegistryCredentials>()
  const named = login?.registry ?? (registries.length === 1 ? registries[0] : undefined)
  if (login !== undefined && (named === undefined || !registries.includes(named))) {
    throw new ImagoError('UNSUPPORTED', `the login is for ${named ?? 'no one registry'}, and the image goes to ${registries.join(', ')}`, {
      hint: "name the login's registry, or give the image a name there",
    })
  }
  for (const registry of registries) {
    const credentials = await loginCredentials(registry === named ? login : undefined, registry, ctx)
    if (credentials === undefined) continue
    ctx.maskSecret(reveal('password' in credentials ? credentials.password : credentials.identityToken))
    logins.set(registry, credentials)
  }
  return logins
}

function registryOf(name: string): string {
  return parseImageReference(name).registry
}
