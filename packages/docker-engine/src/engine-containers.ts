import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

import { messageOf } from '@imago/core'

import { inspectContainer } from './container-details.ts'
import { containerExec } from './container-exec.ts'
import { containerLogs } from './container-logs.ts'
import { containerStat } from './container-stat.ts'
import type { CommitOptions, Containers, ContainerSpec, ListedContainer } from './containers.ts'
import { createBody } from './create-body.ts'
import type { EngineApi } from './engine-api.ts'
import { orUndefined } from './engine-error.ts'
import type { CallOptions } from './engine.ts'
import { digestId } from './digest-id.ts'
import { labelFilters } from './label-filters.ts'
import type { ApiConfig, ApiImage } from './image-details.ts'
import { mainProcess, mergeConfig } from './image-details.ts'
import { podmanChanges, podmanProcess } from './podman.ts'

/** Milliseconds between looks at a container that is being removed. */
const pollMs = 50

/** How engines differ. */
interface EngineTraits {
  /** See `podman.ts` for what is other there. */
  readonly isPodman: boolean
}

/** The container calls of the engine's API. */
export function engineContainers(api: EngineApi, traits: EngineTraits): Containers {
  return {
    create: (spec, options = {}) => create(api, traits, spec, options),
    async start(container, { signal } = {}) {
      await api.json({ signal, doing: `start container ${container}`, method: 'POST', path: `/containers/${container}/start` })
    },
    async restart(container, { signal } = {}) {
      const doing = `restart container ${container}`
      await api.json({ signal, doing, method: 'POST', path: `/containers/${container}/restart`, query: { t: 0 } })
    },
    async stop(container, { signal, patience = 10 } = {}) {
      await api.json({
        signal,
        doing: `stop container ${container}`,
        method: 'POST',
        path: `/containers/${container}/stop`,
        query: { t: patience },
      })
    },
    async wait(container, { signal } = {}) {
      const call = { signal, doing: `wait for container ${container}`, method: 'POST', path: `/containers/${container}/wait` } as const
      return (await api.json<{ readonly StatusCode: number }>(call)).StatusCode
    },
    logs: (container, options = {}) => containerLogs(api, container, options),
    inspect: (container, options = {}) => inspectContainer(api, container, options),
    remove: (container, options = {}) => remove(api, container, options),
    list: (labels, options = {}) => list(api, labels, options),
    exec: (container, request) => containerExec(api, container, request),
    async kill(container, { signal } = {}) {
      const call = { signal, doing: `kill container ${container}`, method: 'POST', path: `/containers/${container}/kill` } as const
      await orUndefined('MACHINE_LOST', api.json(call))
    },
    stat: (container, path, options = {}) => containerStat(api, container, path, options),
    getArchive(container, path, { signal } = {}) {
      const doing = `read '${path}' in container ${container}`
      return api.stream({ signal, doing, method: 'GET', path: `/containers/${container}/archive`, query: { path } })
    },
    async putArchive(container, directory, archive, { signal } = {}) {
      const doing = `write to '${directory}' in container ${container}`
      const call = {
        signal,
        doing,
        method: 'PUT',
        path: `/containers/${container}/archive`,
        query: { path: directory, noOverwriteDirNonDir: true },
      } as const
      await api.json({ ...call, upload: archive })
    },
    commit: (container, options) => commit(api, traits, container, options),
    export: (container, { signal } = {}): Promise<Readable> =>
      api.stream({ signal, doing: `export container ${container}`, method: 'GET', path: `/containers/${container}/export` }),
  }
}

async function create(api: EngineApi, { isPodman }: EngineTraits, spec: ContainerSpec, { signal }: CallOptions): Promise<string> {
  const { name, platform, image } = spec
  const call = { signal, doing: `create container ${name} from ${image}`, method: 'POST', path: '/containers/create' } as const
  const config = await imageConfig(api, image, { signal })
  const body = createBody(spec, isPodman ? podmanProcess(config, spec.command) : mainProcess(config, spec.command))
  return (await api.json<{ readonly Id: string }>({ ...call, query: { name, platform }, body })).Id
}

async function imageConfig(api: EngineApi, image: string, { signal }: CallOptions): Promise<ApiConfig> {
  const call = { signal, doing: `inspect image ${image}`, method: 'GET', path: `/images/${image}/json` } as const
  return (await api.json<ApiImage>(call)).Config ?? {}
}

async function list(
  api: EngineApi,
  labels: Readonly<Record<string, string | undefined>>,
  { signal }: CallOptions,
): Promise<readonly ListedContainer[]> {
  const query = { all: true, filters: labelFilters(labels) }
  interface Listed {
    readonly Id: string
    readonly Names?: readonly string[] | null
    readonly ImageID: string
    readonly Labels?: Readonly<Record<string, string>> | null
  }
  const found = await api.json<readonly Listed[]>({ signal, doing: 'list containers', method: 'GET', path: '/containers/json', query })
  return found.map(({ Id, Names, ImageID, Labels }) => ({
    id: Id,
    name: (Names?.[0] ?? '').replace(/^\//, ''),
    imageId: digestId(ImageID),
    labels: Labels ?? {},
  }))
}

/** Removes a container. When somebody else is at it already, waits for them. */
async function remove(api: EngineApi, container: string, { signal }: CallOptions): Promise<void> {
  const call = { signal, doing: `remove container ${container}`, method: 'DELETE', path: `/containers/${container}` } as const
  try {
    await orUndefined('MACHINE_LOST', api.json({ ...call, query: { force: true, v: true } }))
  } catch (error) {
    if (!/is already in progress/.test(messageOf(error))) throw error
    while ((await inspectContainer(api, container, { signal })) !== undefined)
      await delay(pollMs, undefined, { ...(signal !== undefined && { signal }) })
  }
}

async function commit(api: EngineApi, { isPodman }: EngineTraits, container: string, options: CommitOptions): Promise<string> {
  const { signal, base, name, author, message, config = {}, pause = true } = options
  const body = mergeConfig(await imageConfig(api, base, options), config)
  const changes = [...(isPodman ? podmanChanges(body) : []), ...(options.changes ?? [])]
  const query = { container, repo: name?.repository, tag: name?.tag, author, comment: message, changes, pause }
  const answer = await api.json<{ readonly Id: string }>({
    signal,
    doing: `commit container ${container}`,
    method: 'POST',
    path: '/commit',
    query,
    body,
  })
  return digestId(answer.Id)
}
