import { ImagoError, isImagoError, timeLimit } from '@imago/core'

import { openApi } from './http-api.ts'
import type { EngineApi } from './engine-api.ts'
import { engineContainers } from './engine-containers.ts'
import { engineImages } from './engine-images.ts'
import { engineNetworks } from './engine-networks.ts'
import type { CallOptions, Engine, EngineOptions, EngineVersion } from './engine.ts'
import { findAddress } from './find-address.ts'

/** Milliseconds to wait for an engine's first answer. */
const answerMs = 30_000

/**
 * Connects to a Docker engine, or to Podman's, and makes sure that it answers. Where the options name none, it is looked for as
 * Docker's own client does, and then some: `DOCKER_HOST` (with `DOCKER_TLS_VERIFY`, `DOCKER_TLS`, `DOCKER_CERT_PATH`), `DOCKER_CONTEXT`, the current
 * context of Docker's configuration (`DOCKER_CONFIG`), and the first of the usual sockets that answers: Docker's, rootless Docker's,
 * Docker Desktop's, rootless Podman's, Podman's.
 * @throws ImagoError `PROVIDER_UNAVAILABLE` when none answers, `USAGE` for an address or a context that does not exist.
 */
export async function connectEngine(options: EngineOptions = {}, call: CallOptions = {}): Promise<Engine> {
  const api = openApi(await findAddress(options, process.env))
  try {
    const timeout = timeLimit(answerMs)
    const isPodman = await ping(api, { signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]) })
    return engineOf(api, isPodman)
  } catch (error) {
    api.close()
    if (call.signal?.aborted !== true && isImagoError(error, 'TIMEOUT')) throw noAnswer(api.endpoint, error)
    throw error
  }
}

function noAnswer(endpoint: string, cause: unknown): ImagoError {
  return new ImagoError('PROVIDER_UNAVAILABLE', `no Docker engine answers at ${endpoint} within ${answerMs / 1000} seconds`, { cause })
}

/** Makes sure that an engine answers, and says whether it is Podman's. Its version would take it ten times as long to tell. */
async function ping(api: EngineApi, options: CallOptions): Promise<boolean> {
  const headers = await api.headers({ ...options, doing: 'find the engine', method: 'GET', path: '/_ping' })
  return headers['libpod-api-version'] !== undefined
}

function engineOf(api: EngineApi, isPodman: boolean): Engine {
  return {
    endpoint: api.endpoint,
    readsPatterns: isPodman,
    images: engineImages(api),
    containers: engineContainers(api, { isPodman }),
    networks: engineNetworks(api),
    version: (options = {}) => readVersion(api, options),
    close: () => api.close(),
  }
}

interface VersionAnswer {
  readonly Platform?: { readonly Name?: string }
  readonly Components?: readonly { readonly Name?: string }[] | null
  readonly Version: string
  readonly ApiVersion: string
  readonly Os: string
  readonly Arch: string
}

async function readVersion(api: EngineApi, options: CallOptions): Promise<EngineVersion> {
  const answer = await api.json<VersionAnswer>({ ...options, doing: 'ask the engine for its version', method: 'GET', path: '/version' })
  const isPodman = answer.Components?.some(({ Name }) => Name?.startsWith('Podman') === true) === true
  return {
    name: isPodman ? 'Podman' : 'Docker',
    version: answer.Version,
    apiVersion: answer.ApiVersion,
    os: answer.Os,
    architecture: answer.Arch,
  }
}
