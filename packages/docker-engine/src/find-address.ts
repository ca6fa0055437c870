import { once } from 'node:events'
import { createConnection } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { ImagoError, messageOf } from '@imago/core'

import { currentContext, readContext, readTls } from './docker-context.ts'
import type { EngineAddress, EngineTls } from './engine-address.ts'
import { parseAddress } from './engine-address.ts'
import type { EngineOptions } from './engine.ts'

/** Environment variables. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where the engine is, by the options or else as Docker's own client finds it.
 * @throws ImagoError `USAGE` for an address or a context that does not exist, `PROVIDER_UNAVAILABLE` when nobody listens at any usual place.
 */
export async function findAddress(options: EngineOptions, env: Environment): Promise<EngineAddress> {
  const configFolder = env['DOCKER_CONFIG'] || join(homedir(), '.docker')
  const context = options.host?.startsWith('context://') === true ? options.host.slice('context://'.length) : options.context
  if (context !== undefined && context !== 'default') return readContext(configFolder, context)
  const host = context === undefined ? options.host || env['DOCKER_HOST'] : env['DOCKER_HOST']
  if (host !== undefined && host !== '')
    return parseAddress(host, host.startsWith('unix:') ? undefined : await environmentTls(env, configFolder))
  const chosen = context ?? (env['DOCKER_CONTEXT'] || (await currentContext(configFolder)))
  if (chosen !== undefined && chosen !== 'default') return readContext(configFolder, chosen)
  return firstSocket(env)
}

async function environmentTls(env: Environment, configFolder: string): Promise<EngineTls | undefined> {
  const verify = (env['DOCKER_TLS_VERIFY'] ?? '') !== ''
  if (!verify && (env['DOCKER_TLS'] ?? '') === '') return undefined
  return (await readTls(env['DOCKER_CERT_PATH'] || configFolder, verify)) ?? { rejectUnauthorized: verify }
}

/** The first of the usual sockets where somebody listens. */
async function firstSocket(env: Environment): Promise<EngineAddress> {
  const runtime = env['XDG_RUNTIME_DIR']
  const paths =
    process.platform === 'win32'
      ? ['//./pipe/docker_engine', '//./pipe/podman-machine-default']
      : [
          '/var/run/docker.sock',
          ...(runtime === undefined ? [] : [`${runtime}/docker.sock`]),
          join(homedir(), '.docker/run/docker.sock'),
          ...(runtime === undefined ? [] : [`${runtime}/podman/podman.sock`]),
          '/run/podman/podman.sock',
        ]
  const refusals: string[] = []
  for (const path of paths) {
    const refusal = await refusalOf(path)
    if (refusal === undefined) return parseAddress(`${process.platform === 'win32' ? 'npipe' : 'unix'}://${path}`, undefined)
    refusals.push(refusal)
  }
  throw new ImagoError('PROVIDER_UNAVAILABLE', `no Docker engine answers: ${refusals.join('; ')}`, {
    hint: 'start one (systemctl start docker, or podman.socket), or name it with DOCKER_HOST, a Docker context or the engine option',
  })
}

/** Why nobody answers at a socket; `undefined` when somebody does. */
async function refusalOf(path: string): Promise<string | undefined> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return undefined
  } catch (error) {
    return messageOf(error)
  } finally {
    socket.destroy()
  }
}
