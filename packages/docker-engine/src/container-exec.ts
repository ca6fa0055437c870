import { isImagoError } from '@imago/core'

import { inspectContainer } from './container-details.ts'
import type { ExecRequest, RunningExec } from './containers.ts'
import type { EngineApi } from './engine-api.ts'
import { containerLost } from './engine-error.ts'
import type { CallOptions } from './engine.ts'
import { readFrames } from './frames.ts'

/** Starts a command in a running container. */
export async function containerExec(api: EngineApi, container: string, request: ExecRequest): Promise<RunningExec> {
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
    throw containerLost(container, await inspectContainer(api, container, { signal }))
  }
}

async function exitCode(api: EngineApi, id: string, doing: string, { signal }: CallOptions): Promise<number | undefined> {
  const call = { signal, doing, method: 'GET', path: `/exec/${id}/json` } as const
  const { Running, ExitCode } = await api.json<{ readonly Running: boolean; readonly ExitCode: number | null }>(call)
  return Running || ExitCode === null ? undefined : ExitCode
}
