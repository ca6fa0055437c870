import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer } from 'node:net'

import { ImagoError, messageOf, systemCode } from '@imago/core'

/** Ports, the lowest and the highest. */
export type PortRange = readonly [lowest: number, highest: number]

/**
 * A TCP port that nobody listens on, found by listening on it. Another program may take it before it is used: be ready to ask again.
 * @param range where to look, from a random place on; without it the system chooses
 * @param host the local address. @default 127.0.0.1
 * @throws ImagoError `NETWORK` when all are taken, `UNSUPPORTED` when the address is not one of this machine or may not be used
 */
export async function freePort(range?: PortRange, host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  const port = await listen(server, { host, ...(range !== undefined && { range }) })
  server.close()
  await once(server, 'close')
  return port
}

/** Where to listen. */
export interface ListenOptions {
  /** The local address. */
  readonly host: string
  /** @default any port */
  readonly range?: PortRange
}

/**
 * Lets a server listen on a port of the range that is free.
 * @returns the port
 * @throws as {@link freePort}
 */
export async function listen(server: Server, { host, range = [0, 0] }: ListenOptions): Promise<number> {
  const [lowest, highest] = range
  const count = highest - lowest + 1
  const start = randomInt(count)
  for (let tried = 0; tried < count; tried++) {
    const port = await tryListen(server, host, lowest + ((start + tried) % count))
    if (port !== undefined) return port
  }
  const ports = lowest === highest ? `port ${lowest} of ${host} is` : `all ports from ${lowest} to ${highest} of ${host} are`
  throw new ImagoError('NETWORK', `${ports} taken`, { hint: 'end the programs that listen there, or give other ports' })
}

/** The port, or `undefined` when somebody else has it. */
async function tryListen(server: Server, host: string, port: number): Promise<number | undefined> {
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') return undefined
    const hint = systemCode(error) === 'EACCES' ? 'ports below 1024 are for root' : 'give an address of this machine'
    throw new ImagoError('UNSUPPORTED', `cannot listen on ${host}, port ${port}: ${messageOf(error)}`, { cause: error, hint })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
