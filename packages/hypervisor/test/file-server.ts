import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import { onTestFinished } from 'vitest'

/** How one request is answered. */
export interface Reply {
  readonly content: Uint8Array
  /** @default 206 for a range, else 200 */
  readonly status?: number
  readonly etag?: string
  readonly lastModified?: string
  /** Send all of it, whatever range is asked for. @default false */
  readonly ignoresRange?: boolean
  /** Send the range, whatever `If-Range` says. @default false */
  readonly ignoresIfRange?: boolean
  /** Send the range from here, whatever is asked for. */
  readonly startsAt?: number
  /** Break off after so many bytes of the body. */
  readonly cutAfter?: number
  /** Say nothing more after so many bytes of the body, and stay connected. */
  readonly stallAfter?: number
  /** Leave out how long it is. @default false */
  readonly chunked?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** What a server was asked. */
export interface Asked {
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly authorization: string | undefined
}

/** A server on this machine that ends with the test. */
export interface FileServer {
  readonly url: string
  readonly asked: readonly Asked[]
  stop(): Promise<void>
}

/** A server's private key and certificate, in PEM. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

/** Starts one. `reply` is told which request it is, counted from 0. With an identity it speaks TLS. */
export async function fileServer(reply: (index: number, request: IncomingMessage) => Reply, identity?: Identity): Promise<FileServer> {
  const asked: Asked[] = []
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const { range, authorization, 'if-range': ifRange } = request.headers
    asked.push({ path: request.url ?? '', range, ifRange: ifRange?.toString(), authorization })
    answer(request, response, reply(asked.length - 1, request))
  }
  const server = identity === undefined ? createServer(onRequest) : createTlsServer(identity, onRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  onTestFinished(stop)
  const { port } = server.address() as AddressInfo // it listens on TCP
  return { url: `${identity === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, asked, stop }
}

function answer(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { content, etag, lastModified } = reply
  const { headers } = request
  const state = etag ?? lastModified
  if (state !== undefined && (headers['if-none-match'] === state || headers['if-modified-since'] === state)) {
    response.writeHead(304).end()
    return
  }
  const wanted = /^bytes=(\d+)-$/.exec(headers.range ?? '')
  const isSame = headers['if-range'] === undefined || headers['if-range'] === state || reply.ignoresIfRange === true
  const isPart = wanted !== null && isSame && reply.ignoresRange !== true && reply.status === undefined
  const start = isPart ? (reply.startsAt ?? Number(wanted[1])) : 0
  if (start >= content.length && content.length > 0) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    return
  }
  const body = content.subarray(start)
  response.writeHead(reply.status ?? (isPart ? 206 : 200), {
    ...(reply.chunked !== true && { 'content-length': body.length }),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
    ...(isPart && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    ...reply.headers,
  })
  const { cutAfter, stallAfter } = reply
  if (cutAfter === undefined && stallAfter === undefined) response.end(body)
  else response.write(body.subarray(0, cutAfter ?? stallAfter), () => cutAfter !== undefined && response.destroy())
}
