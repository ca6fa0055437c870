import { once } from 'node:events'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { stringify } from 'node:querystring'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { abortError } from '@imago/core'

import { EngineAnswer } from './engine-answer.ts'
import type { EngineAddress } from './engine-address.ts'
import type { ApiCall, EngineApi } from './engine-api.ts'
import { engineError } from './engine-error.ts'
import { SshAgent } from './ssh-agent.ts'

/** Opens the engine's HTTP interface. Nothing is sent yet. */
export function openApi(address: EngineAddress): EngineApi {
  const { endpoint } = address
  const agent = agentOf(address)
  const route = { ...routeOf(address), agent }

  const attempt = async <T>(call: ApiCall, exchange: Promise<T>): Promise<T> => {
    try {
      return await exchange
    } catch (error) {
      call.upload?.destroy()
      throw engineError(error, { doing: call.doing, endpoint, signal: call.signal })
    }
  }
  return {
    endpoint,
    json: <T>(call: ApiCall) => attempt(call, send<T>(route, call, readJson)),
    stream: async (call) => guarded(await attempt(call, send(route, call, readHead)), call, endpoint),
    async headers(call): Promise<IncomingHttpHeaders> {
      const answer = await attempt(call, send(route, call, readHead))
      answer.resume()
      return answer.headers
    },
    hijack: (call) => attempt(call, send(route, call, upgraded)),
    close: () => agent.destroy(),
  }
}

function routeOf(address: EngineAddress): RequestOptions {
  if (address.kind === 'socket') return { socketPath: address.path }
  if (address.kind === 'ssh') return { host: 'docker' }
  return { protocol: address.tls === undefined ? 'http:' : 'https:', host: address.host, port: address.port }
}

/** Node works out for any request what TLS would call the server, and takes 4 ms to find that `localhost` is no IPv6 address. */
const plain = { keepAlive: true, servername: '' }

function agentOf(address: EngineAddress): HttpAgent {
  if (address.kind === 'ssh') return new SshAgent(address, plain)
  return address.kind === 'tcp' && address.tls !== undefined ? new HttpsAgent({ keepAlive: true, ...address.tls }) : new HttpAgent(plain)
}

/** One request, and of its answer what is wanted. A signal, and an upload that fails, end it. */
async function send<T>(route: RequestOptions, call: ApiCall, take: (request: ClientRequest) => Promise<T>): Promise<T> {
  const { method, path, query = {}, body, signal, upload } = call
  if (signal?.aborted === true) throw abortError(signal)
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
  const request = httpRequest({ ...route, method, path: `${path}?${stringify(given)}`, headers: headersOf(call) })
  const end = (): void => void request.destroy()
  signal?.addEventListener('abort', end, { once: true })
  try {
    const taken = take(request)
    request.on('error', () => undefined) // may come after the answer, when nobody waits any more
    if (upload === undefined) request.end(body && JSON.stringify(body))
    else upload.once('error', (error) => request.destroy(error)).pipe(request)
    return await taken
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

function headersOf({ body, upload, registryAuth, registryConfig }: ApiCall): Record<string, string> {
  return {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(upload !== undefined && { 'content-type': 'application/x-tar' }),
    ...(registryAuth !== undefined && { 'x-registry-auth': base64Url(registryAuth) }),
    ...(registryConfig !== undefined && { 'x-registry-config': base64Url(registryConfig) }),
  }
}

/** As the API's reference has it: RFC 4648, section 5, padded. */
function base64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Every answer that is no error. 304: what was asked for is already so. */
const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => (statusCode >= 200 && statusCode < 300) || statusCode === 304

async function readHead(request: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(request, 'response')) as [IncomingMessage] // as Node documents the event
  if (!isSuccess(answer)) throw new EngineAnswer(answer.statusCode ?? 0, await text(answer))
  return answer
}

async function readJson<T>(request: ClientRequest): Promise<T> {
  const body = await text(await readHead(request))
  return (body.trim() === '' ? undefined : JSON.parse(body)) as T // what an answer is, the API's reference says
}

/** The connection itself, once the engine has agreed to give it away. */
async function upgraded(request: ClientRequest): Promise<Duplex> {
  request.setHeader('connection', 'Upgrade').setHeader('upgrade', 'tcp')
  const refused = readHead(request).then(({ statusCode = 0 }) => {
    throw new EngineAnswer(statusCode, 'the engine, or a proxy before it, does not give its connection away')
  })
  const [, connection, first] = (await Promise.race([once(request, 'upgrade'), refused])) as [IncomingMessage, Duplex, Buffer] // as Node documents it
  if (first.length > 0) connection.unshift(first)
  return connection
}

/** The body of an answer, with errors of ours. */
function guarded(answer: IncomingMessage, { doing, signal }: ApiCall, endpoint: string): Readable {
  const abort = (): void => void answer.destroy(signal === undefined ? undefined : abortError(signal))
  signal?.addEventListener('abort', abort, { once: true })
  const chunks = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* answer
    } catch (error) {
      throw engineError(error, { doing, endpoint, signal })
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
  return Readable.from(chunks(), { objectMode: false })
}
