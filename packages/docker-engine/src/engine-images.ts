import type { Readable } from 'node:stream'

import type { RegistryCredentials } from '@imago/container-registry'
import { ImagoError, reveal } from '@imago/core'

import { digestId } from './digest-id.ts'
import type { ApiCall, EngineApi } from './engine-api.ts'
import { engineError, orUndefined } from './engine-error.ts'
import type { CallOptions } from './engine.ts'
import type { ApiImage } from './image-details.ts'
import { imageDetails } from './image-details.ts'
import type {
  BuildRequest,
  ImageDetails,
  Images,
  ImportOptions,
  ListedImage,
  PullOptions,
  PushedImage,
  PushOptions,
  RemoveImageOptions,
  RepositoryTag,
} from './images.ts'
import { layerProgress } from './layer-progress.ts'
import { labelFilters } from './label-filters.ts'
import type { EngineMessage } from './message-stream.ts'
import { readMessages } from './message-stream.ts'

/** The image calls of the engine's API. */
export function engineImages(api: EngineApi): Images {
  return {
    inspect: (image, options = {}) => inspect(api, image, options),
    list: (labels, options = {}) => list(api, labels, options),
    async history(image, { signal } = {}) {
      const call = { signal, doing: `read the history of image ${image}`, method: 'GET', path: `/images/${image}/history` } as const
      const found = await api.json<readonly { readonly CreatedBy?: string }[]>(call)
      return found.map(({ CreatedBy = '' }) => CreatedBy).toReversed()
    },
    async registryDigest(reference, { signal, login } = {}) {
      const call = {
        signal,
        doing: `look up ${reference} at its registry`,
        method: 'GET',
        path: `/distribution/${reference}/json`,
      } as const
      const found = await api.json<{ readonly Descriptor: { readonly digest: string } }>({ ...call, registryAuth: login && authOf(login) })
      return found.Descriptor.digest
    },
    pull: (reference, options = {}) => pull(api, reference, options),
    build: (request) => build(api, request),
    async tag(image, name, { signal } = {}) {
      const { repository: repo, tag = 'latest' } = name
      const doing = `tag ${image} as ${repo}:${tag}`
      await api.json({ signal, doing, method: 'POST', path: `/images/${image}/tag`, query: { repo, tag } })
    },
    push: (name, options = {}) => push(api, name, options),
    save: (names, { signal } = {}) =>
      api.stream({ signal, doing: `save ${names.join(', ')}`, method: 'GET', path: '/images/get', query: { names } }),
    load: (archive, options = {}) => load(api, archive, options),
    import: (rootfs, options = {}) => importRootfs(api, rootfs, options),
    remove: (image, options = {}) => remove(api, image, options),
  }
}

/** Runs a call whose answer is a stream of messages, to its end. */
async function follow(api: EngineApi, call: ApiCall, onMessage: (message: EngineMessage) => void): Promise<void> {
  const stream = await api.stream(call)
  try {
    for await (const message of readMessages(stream)) onMessage(message)
  } catch (error) {
    throw engineError(error, { doing: call.doing, endpoint: api.endpoint, signal: call.signal })
  } finally {
    call.upload?.destroy()
  }
}

async function inspect(api: EngineApi, image: string, { signal }: CallOptions): Promise<ImageDetails | undefined> {
  const call = { signal, doing: `inspect image ${image}`, method: 'GET', path: `/images/${image}/json` } as const
  return orUndefined('IMAGE_NOT_FOUND', api.json<ApiImage>(call).then(imageDetails))
}

async function list(
  api: EngineApi,
  labels: Readonly<Record<string, string | undefined>>,
  { signal }: CallOptions,
): Promise<readonly ListedImage[]> {
  interface Listed {
    readonly Id: string
    readonly RepoTags?: readonly string[] | null
    readonly Labels?: Readonly<Record<string, string>> | null
  }
  const query = { filters: labelFilters(labels) }
  const found = await api.json<readonly Listed[]>({ signal, doing: 'list images', method: 'GET', path: '/images/json', query })
  return found.map(({ Id, RepoTags, Labels }) => ({
    id: digestId(Id),
    tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    labels: Labels ?? {},
  }))
}

async function pull(api: EngineApi, reference: string, { signal, platform, login, onProgress }: PullOptions): Promise<void> {
  const report = onProgress === undefined ? () => undefined : layerProgress(onProgress)
  const registryAuth = login === undefined ? undefined : authOf(login)
  const query = { ...nameParts(reference), platform }
  await follow(api, { signal, doing: `pull ${reference}`, method: 'POST', path: '/images/create', query, registryAuth }, report)
}

async function push(api: EngineApi, { repository, tag = 'latest' }: RepositoryTag, options: PushOptions): Promise<PushedImage> {
  const { signal, login, onProgress } = options
  const report = onProgress === undefined ? () => undefined : layerProgress(onProgress)
  const call = { signal, doing: `push ${repository}:${tag}`, method: 'POST', path: `/images/${repository}/push` } as const
  let digest: string | undefined
  await follow(api, { ...call, query: { tag }, registryAuth: login === undefined ? {} : authOf(login) }, (message) => {
    report(message)
    const said = message.aux?.['Digest']
    if (typeof said === 'string') digest = said
  })
  return { digest }
}

async function load(api: EngineApi, archive: Readable, { signal }: CallOptions): Promise<readonly string[]> {
  const loaded: string[] = []
  await follow(
    api,
    { signal, doing: 'load the archive', method: 'POST', path: '/images/load', query: { quiet: true }, upload: archive },
    (message) => {
      const name = /Loaded image(?:\(s\)| ID)?: ?(.+)/.exec(message.stream ?? '')?.[1]
      if (name !== undefined) loaded.push(...name.trim().split(','))
    },
  )
  if (loaded.length === 0) throw new ImagoError('PROVIDER_FAILED', `the engine at ${api.endpoint} loaded nothing from the archive`)
  return loaded
}

async function importRootfs(api: EngineApi, rootfs: Readable, options: ImportOptions): Promise<string> {
  const { signal, name, changes, message, platform } = options
  const query = { fromSrc: '-', repo: name?.repository, tag: name?.tag, changes, message, platform }
  const doing = name === undefined ? 'import the root file system' : `import the root file system as ${name.repository}`
  let id: string | undefined
  await follow(api, { signal, doing, method: 'POST', path: '/images/create', query, upload: rootfs }, ({ status }) => {
    if (status !== undefined && /^(?:sha256:)?[0-9a-f]{64}$/.test(status)) id = status
  })
  if (id === undefined) throw new ImagoError('PROVIDER_FAILED', `cannot ${doing}: the engine at ${api.endpoint} named no image`)
  return digestId(id)
}

async function build(api: EngineApi, request: BuildRequest): Promise<string> {
  const { signal, context, dockerfile = 'Dockerfile', target, args = {}, platform, pull: pulls = false, logins = {}, onOutput } = request
  const registryConfig = Object.fromEntries(Object.entries(logins).map(([registry, login]) => [registry, authOf(login)]))
  const query = { dockerfile, target, buildargs: JSON.stringify(args), platform, pull: pulls, rm: true, forcerm: true }
  let id: string | undefined
  await follow(
    api,
    { signal, doing: `build ${dockerfile}`, method: 'POST', path: '/build', query, upload: context, registryConfig },
    (message) => {
      if (message.stream !== undefined) onOutput?.(message.stream)
      const said = message.aux?.['ID']
      if (typeof said === 'string') id = said
      const printed = /^Successfully built ([0-9a-f]+)/.exec(message.stream ?? '')?.[1]
      if (printed !== undefined) id ??= printed
    },
  )
  const details = id === undefined ? undefined : await inspect(api, id, { signal })
  if (details === undefined)
    throw new ImagoError('PROVIDER_FAILED', `cannot build ${dockerfile}: the engine at ${api.endpoint} named no image`)
  return details.id
}

async function remove(api: EngineApi, image: string, { signal, force = false }: RemoveImageOptions): Promise<void> {
  await orUndefined(
    'IMAGE_NOT_FOUND',
    api.json({ signal, doing: `remove image ${image}`, method: 'DELETE', path: `/images/${image}`, query: { force } }),
  )
}

function authOf(login: RegistryCredentials): object {
  return 'identityToken' in login
    ? { identitytoken: reveal(login.identityToken) }
    : { username: login.username, password: reveal(login.password) }
}

/** A reference in the two parts that the API takes: the digest stands in the place of the tag. */
function nameParts(reference: string): { readonly fromImage: string; readonly tag?: string } {
  const digest = reference.indexOf('@')
  if (digest !== -1) return { fromImage: reference.slice(0, digest), tag: reference.slice(digest + 1) }
  const colon = reference.lastIndexOf(':')
  if (colon > reference.lastIndexOf('/')) return { fromImage: reference.slice(0, colon), tag: reference.slice(colon + 1) }
  return { fromImage: reference, tag: 'latest' } // without a tag, the API fetches all of them
}
