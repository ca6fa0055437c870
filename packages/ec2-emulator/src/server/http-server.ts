import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { messageOf } from '@imago/core'

import { ApiError, apiError } from '../api-error.ts'
import { encodeError } from './codec.ts'
import type { Backend } from './dispatch.ts'
import { dispatch } from './dispatch.ts'
import { dispatchS3 } from './dispatch-s3.ts'
import type { ListenOptions } from './listen.ts'
import { listen } from './listen.ts'
import { requestScope } from './request-scope.ts'

/** The largest body of a request in bytes, S3 aside. */
const maxBody = 16 * 1024 * 1024

/** An endpoint that listens. */
export interface HttpEndpoint {
  readonly port: number
  close(): Promise<void>
}

/** What to answer. */
interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Readable
}

/** Serves the API over HTTP. */
export async function serveHttp(backend: Backend, options: ListenOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    void answer(backend, request, response)
  })
  await listen(server, options)
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

async function answer(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const given = await answerTo(backend, request, gone.signal)
    if (given === undefined) {
      request.socket.destroy()
      return
    }
    response.writeHead(given.status, { date: new Date(backend.world.now()).toUTCString(), ...given.headers })
    if (typeof given.body === 'string') response.end(given.body)
    else await pipeline(given.body, response)
  } catch (error) {
    if (!response.headersSent && !gone.signal.aborted) response.writeHead(500).end(messageOf(error))
    else response.destroy()
  }
}

async function answerTo(backend: Backend, request: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer | undefined> {
  const { headers } = request
  const url = new URL(request.url ?? '/', 'http://emulator')
  try {
    const scope = requestScope(headers, url.searchParams)
    const attempt = Number(/attempt=(\d+)/.exec(headerText(request, 'amz-sdk-request'))?.[1] ?? 1)
    const common = { scope, headers, attempt, userAgent: headerText(request, 'user-agent'), signal }
    if (scope.service === 's3') return await dispatchS3(backend, { ...common, url, message: request })
    const body = request.method === 'GET' ? url.search.slice(1) : await readBody(request)
    const given = await dispatch(backend, { ...common, body })
    return given && { ...given, headers: { 'content-type': given.contentType } }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const given = encodeError('ec2', error, 'none')
    return { ...given, headers: { 'content-type': given.contentType } }
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
