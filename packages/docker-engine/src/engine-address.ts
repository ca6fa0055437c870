import { ImagoError } from '@imago/core'

import type { SshTarget } from './ssh-agent.ts'

/** Certificates for a connection, PEM. */
export interface EngineTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Whether the engine must show a certificate of `ca`. */
  readonly rejectUnauthorized: boolean
}

/** How an engine is reached. */
export type EngineAddress =
  | { readonly kind: 'socket'; readonly endpoint: string; readonly path: string }
  | { readonly kind: 'tcp'; readonly endpoint: string; readonly host: string; readonly port: number; readonly tls: EngineTls | undefined }
  | ({ readonly kind: 'ssh' } & SshTarget)

/**
 * Reads an address as `DOCKER_HOST` has it: `unix:///run/docker.sock`, `npipe:////./pipe/docker_engine`, `tcp://host:2376`,
 * `ssh://user@host:22`.
 * @throws ImagoError `USAGE` for anything else.
 */
export function parseAddress(host: string, tls: EngineTls | undefined): EngineAddress {
  const text = host.includes('://') ? host : `tcp://${host}`
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(text)?.[1]
  if (socket !== undefined) return { kind: 'socket', endpoint: text, path: socket }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') throw unknownAddress(host)
  const name = decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
  const port = url.port === '' ? undefined : Number(url.port)
  switch (url.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:': {
      const secure = tls ?? (url.protocol === 'https:' ? { rejectUnauthorized: true } : undefined)
      return { kind: 'tcp', endpoint: text, host: name, port: port ?? (secure === undefined ? 2375 : 2376), tls: secure }
    }
    case 'ssh:': {
      const user = url.username === '' ? undefined : decodeURIComponent(url.username)
      if (url.password !== '' || [name, user].some((part) => part?.startsWith('-') === true)) throw unknownAddress(host)
      return { kind: 'ssh', endpoint: text, host: name, port, user, socket: url.pathname.length > 1 ? url.pathname : undefined }
    }
    default:
      throw unknownAddress(host)
  }
}

function unknownAddress(host: string): ImagoError {
  return new ImagoError('USAGE', `'${host}' is no address of a Docker engine`, {
    hint: 'use unix:///path/of/socket, tcp://host:port or ssh://user@host; an SSH password cannot be given',
  })
}
