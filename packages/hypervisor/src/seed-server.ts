import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'

import type { PortRange } from './free-port.ts'
import { listen } from './free-port.ts'
import { answerSeed } from './answer-seed.ts'

/** Texts to make files of, by the files' paths. */
export type Content = Readonly<Record<string, string>>

/** What the machine asked the server for. */
export interface SeedRequest {
  readonly method: string
  /** The path below the server's own, `preseed.cfg`; as it came when it is not below it. */
  readonly path: string
  /** 200 and 206 when the file was sent. */
  readonly status: number
}

/** What to serve, and where. */
export interface SeedServerOptions {
  /** Absolute. @default none */
  readonly directory?: string
  /** Comes before files of the directory. A function gets the server's URL, and is called once. @default none */
  readonly content?: Content | ((url: string) => Content)
  /** The local address to listen on: one that only the guest's network reaches. @default 127.0.0.1 */
  readonly bindAddress?: string
  /** @default any */
  readonly ports?: PortRange
  /** This machine's name or address, as the guest sees it: `10.0.2.2` in QEMU's user network. @default the address it listens on */
  readonly hostSeenByGuest?: string
  /** Told of each request when it has been answered. */
  readonly onRequest?: (request: SeedRequest) => void
}

/** A build's own HTTP server. */
export interface SeedServer extends AsyncDisposable {
  /** Where the guest finds the files: `http://10.0.2.2:8123/5f0c…`, without a slash at its end. */
  readonly url: string
  readonly port: number
  /** Every request so far. */
  readonly requests: readonly SeedRequest[]
  /** What the guest has fetched and what it has asked for in vain, for an error message. */
  summary(): string
}

/**
 * Serves files to a guest over HTTP, below a path that nobody can guess. Answers GET and HEAD, also of a part of a file, and nothing
 * outside the directory.
 * @throws ImagoError `NETWORK` when no port is free, `UNSUPPORTED` when the address is not one of this machine
 * @example await using seeds = await seedServer({ content: { 'preseed.cfg': 'd-i …' }, hostSeenByGuest: '10.0.2.2' })
 */
export async function seedServer(options: SeedServerOptions): Promise<SeedServer> {
  const { bindAddress = '127.0.0.1', directory, content = {}, hostSeenByGuest = bindAddress } = options
  const prefix = `/${randomBytes(10).toString('hex')}`
  const requests: SeedRequest[] = []
  const server = createServer()
  const port = await listen(server, { host: bindAddress, ...(options.ports !== undefined && { range: options.ports }) })
  try {
    const url = `http://${hostSeenByGuest.includes(':') ? `[${hostSeenByGuest}]` : hostSeenByGuest}:${port}${prefix}`
    const texts = typeof content === 'function' ? content(url) : content
    const served = { prefix, texts: new Map(Object.entries(texts)), directory }
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void answerSeed(request, response, served).then((answered) => {
        requests.push(answered)
        options.onRequest?.(answered)
      })
    })
    return { url, port, requests, summary: () => summaryOf(requests, url), [Symbol.asyncDispose]: () => stop(server) }
  } catch (error) {
    await stop(server)
    throw error
  }
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function summaryOf(requests: readonly SeedRequest[], url: string): string {
  if (requests.length === 0) return `the guest has asked for nothing at ${url}`
  const paths = (sent: boolean): string[] => [
    ...new Set(requests.filter(({ status }) => status < 400 === sent).map(({ path }) => `'${path}'`)),
  ]
  const [fetched, refused] = [paths(true), paths(false)]
  const parts = [
    ...(fetched.length > 0 ? [`has fetched ${fetched.join(', ')}`] : []),
    ...(refused.length > 0 ? [`has asked in vain for ${refused.join(', ')}`] : []),
  ]
  return `the guest ${parts.join(' and ')} at ${url}`
}
