import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { listen } from '../server/listen.ts'
import type { InstanceMetadata } from './instance-metadata.ts'
import { lookUp } from './instance-metadata.ts'

/** The longest that a token can live, in seconds. */
const maxTokenSeconds = 21_600

/** Finds out what the instance at an address is told; `undefined` when there is none. */
export type MetadataOf = (address: string) => InstanceMetadata | undefined

/**
 * The instance metadata service, versions 1 and 2. Who asks is known by the address.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export class MetadataService {
  readonly #server: Server
  readonly #metadataOf: MetadataOf
  /** When tokens end, in milliseconds since 1970. Each is worth something to its instance only. */
  readonly #tokens = new Map<string, { readonly address: string; readonly endsAt: number }>()

  constructor(metadataOf: MetadataOf) {
    this.#metadataOf = metadataOf
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** Listens at an address; answers with the port. */
  async listen(host: string): Promise<number> {
    await listen(this.#server, { host, port: 0 })
    return (this.#server.address() as AddressInfo).port // a server on TCP has one
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const metadata = this.#metadataOf(address)
    const path = new URL(request.url ?? '/', 'http://imds').pathname
    if (metadata === undefined) return reply(response, 503)
    if (metadata.endpoint === 'disabled') return reply(response, 403)
    if (request.method === 'PUT' && path === '/latest/api/token') return this.#giveToken(request, response, address)
    if (request.method !== 'GET') return reply(response, 405)
    const token = request.headers['x-aws-ec2-metadata-token']
    if (token === undefined ? metadata.tokens === 'required' : !this.#isValid(String(token), address)) return reply(response, 401)
    const [, version, ...parts] = path.split('/')
    const found = version === 'latest' ? lookUp(metadata.tree, parts.join('/')) : undefined
    return found === undefined ? reply(response, 404) : reply(response, 200, found)
  }

  #giveToken(request: IncomingMessage, response: ServerResponse, address: string): void {
    if (request.headers['x-forwarded-for'] !== undefined) return reply(response, 403)
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'])
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxTokenSeconds) return reply(response, 400)
    const token = randomBytes(40).toString('base64url')
    this.#tokens.set(token, { address, endsAt: Date.now() + seconds * 1000 })
    response.setHeader('x-aws-ec2-metadata-token-ttl-seconds', String(seconds))
    return reply(response, 200, token)
  }

  #isValid(token: string, address: string): boolean {
    const known = this.#tokens.get(token)
    return known !== undefined && known.address === address && known.endsAt > Date.now()
  }
}

function reply(response: ServerResponse, status: number, body: string | Buffer = ''): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(body)
}
