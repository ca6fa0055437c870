import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

import { abortError, ImagoError, messageOf, systemCode } from '@imago/core'

/** Where a machine listens, and how it proves who it is. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Not there for HTTP. */
  readonly tls?: { readonly ca: string | undefined; readonly insecure: boolean }
}

/** A request without its credentials. */
export interface HttpCall {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** How long not a byte may come. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Certificates that no authority of this machine has signed, are too old, or belong to another host: it does not help to try again. */
const untrusted = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|ERR_TLS_CERT_)/

/** The address of an endpoint. */
export function urlOf({ host, port, tls }: Endpoint): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}/wsman`
}

/** One connection to a machine, that is kept: one request at a time. */
export class HttpChannel {
  readonly #endpoint: Endpoint
  readonly #agent: HttpAgent

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#agent = endpoint.tls === undefined ? new HttpAgent({ keepAlive: true, maxSockets: 1 }) : tlsAgent(endpoint.tls)
  }

  /**
   * @throws ImagoError `NETWORK` when the machine cannot be reached or breaks the connection, `AUTHENTICATION_FAILED` for a certificate
   * that is not trusted, or the signal's reason
   */
  async post({ headers, body, timeoutMs, signal }: HttpCall): Promise<HttpAnswer> {
    if (signal.aborted) throw abortError(signal)
    const { host, port, tls } = this.#endpoint
    const start = tls === undefined ? httpRequest : httpsRequest
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const fail = (error: unknown): void => reject(signal.aborted ? abortError(signal) : httpError(error, this.#endpoint))
      const request = start(
        {
          agent: this.#agent,
          host,
          port,
          method: 'POST',
          path: '/wsman',
          headers: { 'User-Agent': 'imago', ...headers, 'Content-Length': body.length },
          signal,
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', fail)
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
        },
      )
      request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)))
      request.on('socket', (socket) => socket.setNoDelay(true))
      request.on('error', fail)
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function tlsAgent({ ca, insecure }: NonNullable<Endpoint['tls']>): HttpsAgent {
  return new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: !insecure, ...(ca !== undefined && { ca }) })
}

function httpError(error: unknown, endpoint: Endpoint): ImagoError {
  const code = systemCode(error) ?? ''
  const target = `${endpoint.host}:${endpoint.port}`
  if (untrusted.test(code)) {
    return new ImagoError('AUTHENTICATION_FAILED', `the certificate of ${target} is not trusted: ${messageOf(error)}`, {
      cause: error,
      hint: 'give the certificate, or that of its authority, as tls.ca; or take any with tls: { insecure: true }',
    })
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return new ImagoError('NETWORK', `${target} does not speak TLS: ${messageOf(error)}`, {
      cause: error,
      hint: 'WinRM listens for HTTPS at 5986 as a rule, and for HTTP at 5985, where it wants no tls',
    })
  }
  return new ImagoError('NETWORK', `${target}: ${plainWords(code) ?? messageOf(error)}`, { cause: error })
}

function plainWords(code: string): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is unknown'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no way leads there'
    case 'ETIMEDOUT':
      return 'no answer'
    default:
      return undefined
  }
}
