import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

import { systemCode } from '@imago/core'

import { listen } from '../server/listen.ts'
import type { GuestRequest } from './guests.ts'

/** Ports of an instance's public address, and those of its guest that they lead to. */
export type PortMap = ReadonlyMap<number, number>

/** What a proxy leads to. */
export interface ProxyTarget {
  /** The guest's own address; `undefined` while it does not run. */
  address(): string | undefined
  readonly admits: GuestRequest['admits']
}

/**
 * The public address of an instance: connections that its security groups let in are led to its guest, others are reset. (Amazon drops
 * their packets, so that they time out.)
 */
export class GuestProxy {
  readonly address: string
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(address: string) {
    this.address = address
  }

  /** Listens on the ports of an address; `undefined` when somebody else does. */
  static async open(address: string, ports: PortMap, target: ProxyTarget): Promise<GuestProxy | undefined> {
    const proxy = new GuestProxy(address)
    try {
      for (const [port, inner] of ports) await proxy.#serve(port, inner, target)
      return proxy
    } catch (error) {
      await proxy.close()
      if (systemCode(error) === 'EADDRINUSE') return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }

  async #serve(port: number, inner: number, target: ProxyTarget): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#lead(socket, { port, inner }, target))
    this.#servers.push(server)
    await listen(server, { host: this.address, port })
  }

  #lead(socket: Socket, { port, inner }: { readonly port: number; readonly inner: number }, target: ProxyTarget): void {
    this.#keep(socket)
    const host = target.address()
    if (host === undefined || !target.admits({ address: socket.remoteAddress ?? '', port })) {
      socket.resetAndDestroy()
      return
    }
    const guest = connect({ host, port: inner, allowHalfOpen: true, noDelay: true })
    this.#keep(guest)
    for (const [one, other] of [
      [socket, guest],
      [guest, socket],
    ] as const) {
      one.on('error', () => other.resetAndDestroy())
      one.once('close', () => other.destroySoon())
      one.pipe(other)
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
  }
}
