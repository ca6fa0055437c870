import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ImagoError, messageOf, systemCode } from '@imago/core'

import type { EngineAddress, EngineTls } from './engine-address.ts'
import { parseAddress } from './engine-address.ts'

/**
 * Reads a Docker context, as `docker context` stores it in the configuration folder.
 * @throws ImagoError `USAGE` when there is none of that name.
 */
export async function readContext(configFolder: string, name: string): Promise<EngineAddress> {
  const folder = createHash('sha256').update(name).digest('hex')
  const text = await readFile(join(configFolder, 'contexts', 'meta', folder, 'meta.json'), 'utf8').catch((error: unknown) => {
    throw new ImagoError('USAGE', `there is no Docker context '${name}'`, { cause: error, hint: '`docker context ls` lists them' })
  })
  const endpoint = dockerEndpoint(text)
  if (endpoint === undefined) throw new ImagoError('USAGE', `the Docker context '${name}' names no Docker engine`)
  const tls = await readTls(join(configFolder, 'contexts', 'tls', folder, 'docker'), !endpoint.skipVerify)
  const address = parseAddress(endpoint.host, tls ?? (endpoint.skipVerify ? { rejectUnauthorized: false } : undefined))
  return address.kind === 'tcp' ? { ...address, endpoint: `context://${name}` } : address
}

/** The context that `docker context use` has chosen, or `undefined`. */
export async function currentContext(configFolder: string): Promise<string | undefined> {
  const path = join(configFolder, 'config.json')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '{}'
    throw new ImagoError('USAGE', `cannot read Docker's configuration '${path}': ${messageOf(error)}`, { cause: error })
  })
  const name = field(parse(text, path), 'currentContext')
  return typeof name === 'string' && name !== '' && name !== 'default' ? name : undefined
}

/** `ca.pem`, `cert.pem` and `key.pem` of a folder; `undefined` when it has none of them. */
export async function readTls(folder: string, rejectUnauthorized: boolean): Promise<EngineTls | undefined> {
  const names = ['ca', 'cert', 'key'] as const
  const read = async (name: string): Promise<string | undefined> => {
    const path = join(folder, `${name}.pem`)
    return readFile(path, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
      throw new ImagoError('USAGE', `cannot read '${path}': ${messageOf(error)}`, { cause: error })
    })
  }
  const [ca, cert, key] = await Promise.all(names.map(read))
  if (ca === undefined && cert === undefined && key === undefined) return undefined
  return { rejectUnauthorized, ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
}

function dockerEndpoint(text: string): { readonly host: string; readonly skipVerify: boolean } | undefined {
  const docker = field(field(parse(text, 'meta.json'), 'Endpoints'), 'docker')
  const host = field(docker, 'Host')
  return typeof host === 'string' && host !== '' ? { host, skipVerify: field(docker, 'SkipTLSVerify') === true } : undefined
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ImagoError('USAGE', `Docker's configuration '${path}' is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
