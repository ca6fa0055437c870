import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** A small SOCKS5 server. */
export interface SocksServer {
  readonly port: number
  /** Hosts that were asked for, `name:port`. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/** Starts a SOCKS5 server; with `login`, it wants that user and password. All names lead to 127.0.0.1. */
export async function startSocks(login?: { readonly user: string; readonly password: string }): Promise<SocksServer> {
  const asked: string[] = []
  const server = createServer((client) => void serve(client, login, asked).catch(() => client.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    port,
    asked,
    async stop() {
      server.close()
      await once(server, 'close')
    },
  }
}

async function serve(
  client: Socket,
  login: { readonly user: string; readonly password: string } | undefined,
  asked: string[],
): Promise<void> {
  const [, count = 0] = await take(client, 2)
  const methods = await take(client, count)
  const wanted = login === undefined ? 0 : 2
  client.write(Buffer.from([5, methods.includes(wanted) ? wanted : 255]))
  if (login !== undefined) {
    const user = await counted(client, 2)
    const password = await counted(client, 1)
    client.write(Buffer.from([1, user === login.user && password === login.password ? 0 : 1]))
  }
  await take(client, 4)
  const host = await counted(client, 1)
  const port = (await take(client, 2)).readUInt16BE()
  asked.push(`${host}:${port}`)
  const upstream = connect(port, '127.0.0.1')
  try {
    await once(upstream, 'connect')
  } catch {
    client.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))
    return
  }
  client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
  upstream.on('error', () => client.destroy()).pipe(client)
  client.on('error', () => upstream.destroy()).pipe(upstream)
}

/** Text behind its length, which is the last of `skip` bytes. */
async function counted(socket: Socket, skip: number): Promise<string> {
  const head = await take(socket, skip)
  return (await take(socket, head.at(-1) ?? 0)).toString()
}

async function take(socket: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = socket.read(size)
    if (chunk !== null) return chunk
    await once(socket, 'readable')
  }
}
