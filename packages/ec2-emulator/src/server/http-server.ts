import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { isImagoError, messageOf } from '@imago/core'

import { ApiError, apiError } from '../api-error.ts'
import type { Answer } from './codec.ts'
import { encodeError } from './codec.ts'
import type { Backend } from './dispatch.ts'
import { dispatch } from './dispatch.ts'
import { requestScope } from './request-scope.ts'

/** The largest body of a request, in bytes. */
const maxBody = 16 * 1024 * 1024

/** An endpoint that listens. */
export interface HttpEndpoint {
  readonly port: number
  close(): Promise<void>
}

/** Where to listen. */
export interface HttpOptions {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
}

/** Serves the API over HTTP. */
export async function serveHttp(backend: Backend, { host, port }: HttpOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    void answer(backend, request, response)
  })
  await listen(server, { host, port })
  return {
    port: (server.address() as AddressInfo).port, // a server on TCP has one
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}

async function listen(server: Server, { host, port }: HttpOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function answer(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const given = await answerTo(backend, request, gone.signal)
    if (given === undefined) {
      request.socket.destroy()
      return
    }
    response
      .writeHead(given.status, { 'content-type': given.contentType, date: new Date(backend.world.now()).toUTCString() })
      .end(given.body)
  } catch (error) {
    if (!gone.signal.aborted) response.writeHead(500).end(isImagoError(error) ? error.message : messageOf(error))
  }
}

async function answerTo(backend: Backend, request: IncomingMessage, signal: AbortSignal): Promise<Answer | undefined> {
  const url = new URL(request.url ?? '/', 'http://emulator')
  try {
    const scope = requestScope(request.headers, url.searchParams)
    const body = request.method === 'GET' ? url.search.slice(1) : await readBody(request)
    const attempt = Number(/attempt=(\d+)/.exec(headerText(request, 'amz-sdk-request'))?.[1] ?? 1)
    return await dispatch(backend, { scope, body, attempt, userAgent: headerText(request, 'user-agent'), signal })
  } catch (error) {
    if (error instanceof ApiError) return encodeError({ protocol: 'ec2' }, error, 'none')
    throw error
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBody) throw apiError('RequestEntityTooLarge', `A request of more than ${maxBody} bytes`, 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function headerText(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
