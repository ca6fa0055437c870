import { messageOf } from '@imago/core'

import { inspectContainer } from './container-details.ts'
import type { ContainerPath } from './containers.ts'
import type { EngineApi } from './engine-api.ts'
import { containerLost, statusOf } from './engine-error.ts'
import type { CallOptions } from './engine.ts'

/** The type bits of Go's `os.FileMode`, which the engine answers with. */
const goDirectory = 0x8000_0000
const goSymlink = 0x0800_0000
/** Device, named pipe, socket, character device, irregular. */
const goSpecial = 0x0728_0000

/** What stands at a path of a container. */
export async function containerStat(
  api: EngineApi,
  container: string,
  path: string,
  { signal }: CallOptions,
): Promise<ContainerPath | undefined> {
  const doing = `look at '${path}' in container ${container}`
  const call = { signal, doing, method: 'HEAD', path: `/containers/${container}/archive`, query: { path } } as const
  const headers = await api.headers(call).catch((error: unknown) => noPath(api, container, path, signal, error))
  const encoded = headers?.['x-docker-container-path-stat']
  if (typeof encoded !== 'string') return undefined
  // As the API's reference has it.
  const found = JSON.parse(Buffer.from(encoded, 'base64').toString()) as { size: number; mode: number; linkTarget?: string }
  return { kind: kindOf(found.mode), size: found.size, mode: found.mode & 0o777, linkTarget: found.linkTarget ?? '' }
}

/** Why there is no answer about a path: an answer to HEAD has no text. `undefined` when nothing stands there, else throws. */
async function noPath(
  api: EngineApi,
  container: string,
  path: string,
  signal: AbortSignal | undefined,
  error: unknown,
): Promise<undefined> {
  const status = statusOf(error)
  if (status !== 404 && status !== 500) throw error
  if ((await inspectContainer(api, container, { signal })) === undefined) throw containerLost(container, undefined)
  if (status === 404) return undefined
  const call = {
    signal,
    doing: `look at '${path}' in container ${container}`,
    method: 'GET',
    path: `/containers/${container}/archive`,
  } as const
  const reason = await api.stream({ ...call, query: { path } }).then(
    (stream) => void stream.destroy(),
    (why: unknown) => why,
  )
  if (!/not a directory|too many (?:links|levels of symbolic links)/i.test(messageOf(reason))) throw reason ?? error
  return undefined
}

function kindOf(mode: number): ContainerPath['kind'] {
  if ((mode & goDirectory) !== 0) return 'directory'
  if ((mode & goSymlink) !== 0) return 'symlink'
  return (mode & goSpecial) === 0 ? 'file' : 'other'
}
