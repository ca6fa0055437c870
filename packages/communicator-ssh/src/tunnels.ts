import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Duplex } from 'node:stream'

import { ImagoError, messageOf, timeLimit } from '@imago/core'

import type { SshConnection } from './connection.ts'
import { dialTcp } from './dial.ts'
import type { SshRoute, SshTunnel } from './ssh-options.ts'

/** Open tunnels of one connection. */
export interface Tunnels {
  close(): Promise<void>
}

/**
 * Opens tunnels on a connection.
 * @throws ImagoError `NETWORK` when a port cannot be listened on, on either side
 */
export async function openTunnels(connection: SshConnection, { local = [], remote = [] }: SshRoute['tunnels'] & object): Promise<Tunnels> {
  const servers: Server[] = []
  const streams = new Set<Duplex>()
  const close = async (): Promise<void> => {
    for (const stream of streams) stream.destroy()
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  }
  const join = (near: Duplex, far: Promise<Duplex>): void => void connectStreams(near, far, streams)
  try {
    for (const tunnel of local) servers.push(await listenHere(tunnel, (socket) => join(socket, connection.dial(tunnel.to))))
    for (const { bind = '127.0.0.1', port, to } of remote) {
      await connection.listen({ host: bind, port }, (stream) => join(stream, dialTcp(to, { signal: timeLimit(15_000) })))
    }
  } catch (error) {
    await close()
    throw error
  }
  void connection.closed.then(close)
  return { close }
}

async function listenHere({ bind = '127.0.0.1', port }: SshTunnel, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection)
  try {
    server.listen({ host: bind, port })
    await once(server, 'listening')
    return server
  } catch (error) {
    throw new ImagoError('NETWORK', `the tunnel cannot listen on ${bind}:${port} of this machine: ${messageOf(error)}`, {
      cause: error,
      hint: 'choose another port',
    })
  }
}

async function connectStreams(near: Duplex, opening: Promise<Duplex>, streams: Set<Duplex>): Promise<void> {
  near.on('error', () => undefined) // its end is told to the other side
  streams.add(near)
  near.once('close', () => streams.delete(near))
  try {
    const far = await opening
    streams.add(far)
    far.on('error', () => undefined)
    far.once('close', () => {
      streams.delete(far)
      near.destroy()
    })
    near.once('close', () => far.destroy())
    near.pipe(far)
    far.pipe(near)
  } catch {
    near.destroy() // whoever connected sees the connection close, as from a port that nobody listens on
  }
}
