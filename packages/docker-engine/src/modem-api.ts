import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'

import { abortError } from '@imago/core'

import type { ApiCall, EngineApi } from './engine-api.ts'
import type { EngineAddress } from './engine-address.ts'
import { engineError } from './engine-error.ts'
import { loadModem } from './load-modem.ts'
import { SshAgent } from './ssh-agent.ts'

/** Every answer that is no error: also 304, when what was asked for is already so. */
const successes = { 101: true, 200: true, 201: true, 204: true, 304: true }

/** Opens the engine's HTTP interface with docker-modem, which is loaded here. Nothing is sent yet. */
export function openApi(address: EngineAddress): EngineApi {
  const agent = agentOf(address)
  const { endpoint } = address
  const modem = openModem(connection(address, agent), endpoint)

  const dial = <T>(call: ApiCall, more: object): Promise<T> => {
    const { doing, signal, upload } = call
    return send<T>(modem, call, more).catch((error: unknown) => {
      upload?.destroy()
      throw engineError(error, { doing, endpoint, signal })
    })
  }
  return {
    endpoint,
    json: (call) => dial(call, {}),
    stream: async (call) => guarded(await dial<IncomingMessage>(call, { isStream: true }), call, endpoint),
    async headers(call): Promise<IncomingHttpHeaders> {
      const answer = await dial<IncomingMessage>(call, { isStream: true })
      answer.resume()
      return answer.headers
    },
    hijack: (call) => dial<Duplex>(call, { isStream: true, hijack: true, openStdin: true }),
    close: () => agent.destroy(),
  }
}

function openModem(options: object, endpoint: string): Modem {
  const DockerModem = loadModem()
  try {
    return new DockerModem(options)
  } catch (error) {
    throw engineError(error, { doing: 'connect', endpoint }) // it reads DOCKER_HOST and certificates even where they do not count
  }
}

/** The part of docker-modem that every call goes through; dockerode's types leave it out. */
interface Modem {
  dial(request: object, done: (error: unknown, answer: unknown) => void): void
}

function connection(address: EngineAddress, agent: HttpAgent): object {
  // What is not given would come from the environment, which the address has taken into account already.
  const none = { host: undefined, port: undefined, socketPath: undefined, ca: undefined, cert: undefined, key: undefined }
  if (address.kind === 'socket') return { ...none, agent, protocol: 'http', socketPath: address.path }
  if (address.kind === 'ssh') return { ...none, agent, protocol: 'http', host: 'docker', port: 80, pathPrefix: '/' }
  const protocol = address.tls === undefined ? 'http' : 'https'
  return { ...none, agent, protocol, host: address.host, port: address.port, pathPrefix: '/' }
}

function agentOf(address: EngineAddress): HttpAgent {
  const keepAlive = { keepAlive: true }
  if (address.kind === 'ssh') return new SshAgent(address, keepAlive)
  return address.kind === 'tcp' && address.tls !== undefined ? new HttpsAgent({ ...keepAlive, ...address.tls }) : new HttpAgent(keepAlive)
}

/** One request. A signal and an upload that fails end it. */
async function send<T>(modem: Modem, call: ApiCall, more: object): Promise<T> {
  const { method, query = {}, body = {}, signal, upload } = call
  if (signal?.aborted === true) throw abortError(signal)
  const ending = new AbortController()
  const end = (): void => ending.abort()
  signal?.addEventListener('abort', end, { once: true })
  const uploadFailed = new Promise<never>((_, reject) => {
    upload?.once('error', (error) => {
      reject(error)
      end()
    })
  })
  const request = {
    method,
    path: `${call.path}?`,
    options: { _query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)), _body: body },
    file: upload,
    authconfig: call.registryAuth,
    registryconfig: call.registryConfig,
    abortSignal: ending.signal,
    statusCodes: successes,
    ...more,
  }
  const answered = new Promise<T>((resolve, reject) => {
    // What an answer is follows from the request: JSON as the API's reference says, a response, or a connection.
    modem.dial(request, (error, answer) => (error === null || error === undefined ? resolve(answer as T) : reject(error)))
  })
  try {
    return await Promise.race([uploadFailed, answered])
  } finally {
    signal?.removeEventListener('abort', end)
  }
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
