import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

import { isImagoError, messageOf } from '@imago/core'

import type {
  CommitOptions,
  ContainerDetails,
  ContainerPath,
  Containers,
  ContainerSpec,
  ExecRequest,
  ListedContainer,
  RunningExec,
} from './containers.ts'
import { createBody } from './create-body.ts'
import type { EngineApi } from './engine-api.ts'
import { containerLost, orUndefined, statusOf } from './engine-error.ts'
import type { CallOptions } from './engine.ts'
import type { ApiConfig, ApiImage } from './image-details.ts'
import { mainProcess, mergeConfig } from './image-details.ts'
import { readFrames } from './running-exec.ts'

/** Milliseconds between looks at a container that is being removed. */
const pollMs = 50

/** The container calls of the engine's API. */
export function engineContainers(api: EngineApi): Containers {
  return {
    create: (spec, options = {}) => create(api, spec, options),
    async start(container, { signal } = {}) {
      await api.json({ signal, doing: `start container ${container}`, method: 'POST', path: `/containers/${container}/start` })
    },
    async restart(container, { signal } = {}) {
      const doing = `restart container ${container}`
      await api.json({ signal, doing, method: 'POST', path: `/containers/${container}/restart`, query: { t: 0 } })
    },
    inspect: (container, options = {}) => inspect(api, container, options),
    remove: (container, options = {}) => remove(api, container, options),
    list: (labels, options = {}) => list(api, labels, options),
    exec: (container, request) => exec(api, container, request),
    stat: (container, path, options = {}) => stat(api, container, path, options),
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
    commit: (container, options) => commit(api, container, options),
    export: (container, { signal } = {}): Promise<Readable> =>
      api.stream({ signal, doing: `export container ${container}`, method: 'GET', path: `/containers/${container}/export` }),
  }
}

async function create(api: EngineApi, spec: ContainerSpec, { signal }: CallOptions): Promise<string> {
  const { name, platform, image } = spec
  const call = { signal, doing: `create container ${name} from ${image}`, method: 'POST', path: '/containers/create' } as const
  const body = createBody(spec, mainProcess(await imageConfig(api, image, { signal }), spec.command))
  return (await api.json<{ readonly Id: string }>({ ...call, query: { name, platform }, body })).Id
}

async function imageConfig(api: EngineApi, image: string, { signal }: CallOptions): Promise<ApiConfig> {
  const call = { signal, doing: `inspect image ${image}`, method: 'GET', path: `/images/${image}/json` } as const
  return (await api.json<ApiImage>(call)).Config ?? {}
}

interface ApiContainer {
  readonly Id: string
  readonly State: { readonly Running: boolean; readonly ExitCode?: number; readonly OOMKilled?: boolean; readonly Error?: string }
}

async function inspect(api: EngineApi, container: string, { signal }: CallOptions): Promise<ContainerDetails | undefined> {
  const call = { signal, doing: `inspect container ${container}`, method: 'GET', path: `/containers/${container}/json` } as const
  const found = await orUndefined('MACHINE_LOST', api.json<ApiContainer>(call))
  if (found === undefined) return undefined
  const { Running, ExitCode = 0, OOMKilled = false, Error: error = '' } = found.State
  return { id: found.Id, running: Running, exitCode: ExitCode, outOfMemory: OOMKilled, error }
}

async function list(
  api: EngineApi,
  labels: Readonly<Record<string, string | undefined>>,
  { signal }: CallOptions,
): Promise<readonly ListedContainer[]> {
  const label = Object.entries(labels).map(([name, value]) => (value === undefined ? name : `${name}=${value}`))
  const query = { all: true, filters: JSON.stringify({ label }) }
  interface Listed {
    readonly Id: string
    readonly Names?: readonly string[] | null
    readonly Labels?: Readonly<Record<string, string>> | null
  }
  const found = await api.json<readonly Listed[]>({ signal, doing: 'list containers', method: 'GET', path: '/containers/json', query })
  return found.map(({ Id, Names, Labels }) => ({ id: Id, name: (Names?.[0] ?? '').replace(/^\//, ''), labels: Labels ?? {} }))
}

async function exec(api: EngineApi, container: string, request: ExecRequest): Promise<RunningExec> {
  const { signal, command, env, cwd, user, stdin = false, onOutput } = request
  const doing = `run ${command[0] ?? 'nothing'} in container ${container}`
  const body = {
    Cmd: command,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    ...(env !== undefined && { Env: Object.entries(env).map(([name, value]) => `${name}=${value}`) }),
    ...(cwd !== undefined && { WorkingDir: cwd }),
    ...(user !== undefined && { User: user }),
  }
  try {
    const { Id: id } = await api.json<{ readonly Id: string }>({
      signal,
      doing,
      method: 'POST',
      path: `/containers/${container}/exec`,
      body,
    })
    const start = { Detach: false, Tty: false }
    const connection = await api.hijack({ signal, doing, method: 'POST', path: `/exec/${id}/start`, body: start })
    connection.on('error', () => undefined) // readFrames sees the end, and exitCode() tells why
    return {
      stdin: connection,
      ended: readFrames(connection, onOutput),
      exitCode: (options = {}) => exitCode(api, id, doing, options),
      close: () => void connection.destroy(),
    }
  } catch (error) {
    if (!isImagoError(error, 'MACHINE_LOST')) throw error
    throw containerLost(container, await inspect(api, container, { signal }))
  }
}

async function exitCode(api: EngineApi, id: string, doing: string, { signal }: CallOptions): Promise<number | undefined> {
  const call = { signal, doing, method: 'GET', path: `/exec/${id}/json` } as const
  const { Running, ExitCode } = await api.json<{ readonly Running: boolean; readonly ExitCode: number | null }>(call)
  return Running || ExitCode === null ? undefined : ExitCode
}

/** The type bits of Go's `os.FileMode`, which the engine answers with. */
const goDirectory = 0x8000_0000
const goSymlink = 0x0800_0000
/** Device, named pipe, socket, character device, irregular. */
const goSpecial = 0x0728_0000

async function stat(api: EngineApi, container: string, path: string, { signal }: CallOptions): Promise<ContainerPath | undefined> {
  const doing = `look at '${path}' in container ${container}`
  const call = { signal, doing, method: 'HEAD', path: `/containers/${container}/archive`, query: { path } } as const
  // An answer to HEAD has no text: whether the path or the container is missing shows in the container.
  const headers = await api.headers(call).catch(async (error: unknown) => {
    if (statusOf(error) !== 404) throw error
    if ((await inspect(api, container, { signal })) === undefined) throw containerLost(container, undefined)
    return undefined
  })
  const encoded = headers?.['x-docker-container-path-stat']
  if (typeof encoded !== 'string') return undefined
  // As the API's reference has it.
  const found = JSON.parse(Buffer.from(encoded, 'base64').toString()) as { size: number; mode: number; linkTarget?: string }
  return { kind: kindOf(found.mode), size: found.size, mode: found.mode & 0o777, linkTarget: found.linkTarget ?? '' }
}

function kindOf(mode: number): ContainerPath['kind'] {
  if ((mode & goDirectory) !== 0) return 'directory'
  if ((mode & goSymlink) !== 0) return 'symlink'
  return (mode & goSpecial) === 0 ? 'file' : 'other'
}

/** Removes a container. When somebody else is at it already, waits for them. */
async function remove(api: EngineApi, container: string, { signal }: CallOptions): Promise<void> {
  const call = { signal, doing: `remove container ${container}`, method: 'DELETE', path: `/containers/${container}` } as const
  try {
    await orUndefined('MACHINE_LOST', api.json({ ...call, query: { force: true, v: true } }))
  } catch (error) {
    if (!/is already in progress/.test(messageOf(error))) throw error
    while ((await inspect(api, container, { signal })) !== undefined)
      await delay(pollMs, undefined, { ...(signal !== undefined && { signal }) })
  }
}

async function commit(api: EngineApi, container: string, options: CommitOptions): Promise<string> {
  const { signal, base, name, author, message, changes, config = {} } = options
  const query = { container, repo: name?.repository, tag: name?.tag, author, comment: message, changes }
  const body = mergeConfig(await imageConfig(api, base, options), config)
  const answer = await api.json<{ readonly Id: string }>({
    signal,
    doing: `commit container ${container}`,
    method: 'POST',
    path: '/commit',
    query,
    body,
  })
  return answer.Id.startsWith('sha256:') ? answer.Id : `sha256:${answer.Id}`
}
