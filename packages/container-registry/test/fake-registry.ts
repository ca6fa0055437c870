import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that the fake registry got. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly range: string | undefined
}

/** Something else than the usual answer; `false` leaves the request to the registry. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean

/** What the registry asks for. `user` is `name:password`; without it, tokens are for everybody. */
export interface FakeRegistryOptions {
  readonly auth?: 'basic' | 'bearer'
  readonly user?: string
  /** Where clients are told to fetch tokens. @default the registry itself */
  readonly realm?: string
  /** How many requests a token is good for. @default any number */
  readonly tokenUses?: number
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'

/** What names a piece of content. */
export interface FakeDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** A registry in memory that speaks the reading half of the distribution protocol. */
export class FakeRegistry {
  readonly requests: SeenRequest[] = []
  readonly #options: FakeRegistryOptions
  readonly #content = new Map<string, { readonly bytes: Buffer; readonly mediaType: string; readonly digest: string }>()
  readonly #faults: Fault[] = []
  readonly #tokens = new Map<string, number>()
  readonly #server = createServer((request, response) => this.#answer(request, response))

  private constructor(options: FakeRegistryOptions) {
    this.#options = options
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const registry = new FakeRegistry(options)
    registry.#server.listen(0, '127.0.0.1')
    await once(registry.#server, 'listening')
    return registry
  }

  /** `127.0.0.1:…` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}` // a TCP server's address is one
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Adds a blob and answers with its descriptor. */
  addBlob(content: Uint8Array | string, mediaType = 'application/octet-stream'): FakeDescriptor {
    return this.#add(Buffer.from(content), mediaType)
  }

  /** Adds a manifest under its digest, and under a tag where one is given. */
  addManifest(manifest: object, mediaType: string, tag?: string): FakeDescriptor {
    return this.#add(Buffer.from(JSON.stringify(manifest)), mediaType, tag)
  }

  /** The next requests meet these, one each. */
  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults)
  }

  #add(bytes: Buffer, mediaType: string, tag?: string): FakeDescriptor {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    for (const key of [digest, ...(tag === undefined ? [] : [tag])]) this.#content.set(key, { bytes, mediaType, digest })
    return { mediaType, digest, size: bytes.length }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization, range } = request.headers
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', authorization, range })
    if (request.url?.startsWith('/token') === true) return this.#giveToken(request, response)
    if (this.#faults.shift()?.(request, response) === true) return
    if (!this.#isAuthorized(authorization)) return this.#challenge(response)
    const found = this.#content.get(request.url?.replace(/^.*\/(?:blobs|manifests)\//, '') ?? '')
    if (found === undefined) {
      response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
      return
    }
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
    response.writeHead(start > 0 ? 206 : 200, { 'content-type': found.mediaType, 'docker-content-digest': found.digest })
    response.end(found.bytes.subarray(start))
  }

  #isAuthorized(authorization: string | undefined): boolean {
    if (this.#options.auth === undefined) return true
    if (this.#options.auth === 'basic') return authorization === this.#basic()
    const token = authorization?.replace('Bearer ', '') ?? ''
    const uses = this.#tokens.get(token) ?? 0
    this.#tokens.set(token, uses - 1)
    return uses > 0
  }

  #challenge(response: ServerResponse): void {
    const realm = this.#options.realm ?? `http://${this.host}/token`
    const bearer = `Bearer realm="${realm}",service="fake",scope="repository:cow:pull"`
    response.writeHead(401, { 'www-authenticate': this.#options.auth === 'basic' ? 'Basic realm="cow"' : bearer })
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
  }

  #giveToken(request: IncomingMessage, response: ServerResponse): void {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const isRefresh = request.method === 'POST' && new URLSearchParams(body).get('refresh_token') === 'identity-token'
      if (this.#options.user !== undefined && request.headers.authorization !== this.#basic() && !isRefresh) {
        response.writeHead(401).end('{"details":"incorrect username or password"}')
        return
      }
      const token = `token-${this.#tokens.size}`
      this.#tokens.set(token, this.#options.tokenUses ?? Number.POSITIVE_INFINITY)
      response.end(JSON.stringify({ token }))
    })
  }

  #basic(): string {
    return `Basic ${Buffer.from(this.#options.user ?? '').toString('base64')}`
  }
}

/** Adds a whole image of one layer and answers with the layer's content. */
export function addImage(
  registry: FakeRegistry,
  tag: string | undefined,
  platform: { os: string; architecture: string; variant?: string },
): {
  readonly descriptor: FakeDescriptor
  readonly layer: Buffer
} {
  const layer = Buffer.from(`layer for ${platform.os}/${platform.architecture} `.repeat(20_000))
  const config = { ...platform, config: { Cmd: ['sh'], Env: null }, rootfs: { type: 'layers', diff_ids: [registry.addBlob(layer).digest] } }
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: registry.addBlob(JSON.stringify(config), 'application/vnd.oci.image.config.v1+json'),
    layers: [registry.addBlob(layer, 'application/vnd.oci.image.layer.v1.tar')],
  }
  return { descriptor: registry.addManifest(manifest, manifestType, tag), layer }
}
