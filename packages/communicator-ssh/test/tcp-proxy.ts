import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** A proxy between a client and a server, which breaks on demand. */
export interface TcpProxy {
  readonly port: number
  /** How many connections came. */
  readonly connections: number
  /** How many of them were open at once, at most. */
  readonly mostAtOnce: number
  /** Bytes that went to the server. */
  readonly sent: number
  /** Where connections lead from now on. */
  target: number
  /** From now on connections are accepted and nothing is handed on. */
  silent: boolean
  /** Milliseconds until a connection is handed on. */
  delayMs: number
  /** Breaks all connections. */
  drop(): void
  stop(): Promise<void>
}

/** Starts a proxy on a free port of 127.0.0.1. `onData` hears of what goes to the server. */
export async function startProxy(target: number, onData: (proxy: TcpProxy) => void = () => undefined): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const state = { target, silent: false, delayMs: 0, connections: 0, mostAtOnce: 0, sent: 0 }
  let clients = 0
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    state.connections++
    state.mostAtOnce = Math.max(state.mostAtOnce, ++clients)
    keep(client).once('close', () => clients--)
    client.resume() // without that, the end is not noticed
    if (!state.silent) setTimeout(() => handOn(client), state.delayMs)
  }).listen(0, '127.0.0.1')
  const handOn = (client: Socket): void => {
    if (client.destroyed) return
    const upstream = keep(connect(state.target, '127.0.0.1'))
    client.on('data', (chunk: Buffer) => {
      state.sent += chunk.length
      if (!upstream.write(chunk)) client.pause()
      onData(proxy)
    })
    upstream.on('drain', () => client.resume()).pipe(client)
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  }
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const proxy: TcpProxy = Object.assign(state, {
    port,
    drop: () => sockets.forEach((socket) => socket.destroy()),
    async stop() {
      proxy.drop()
      server.close()
      await once(server, 'close')
    },
  })
  return proxy
}
