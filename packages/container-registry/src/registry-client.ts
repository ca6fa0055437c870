import { abortError, ImagoError, isImagoError, wait } from '@imago/core'

import { parseChallenges } from './auth-challenge.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { ImageReference } from './image-reference.ts'
import { networkReason, saidBy } from './registry-answer.ts'
import { basicAuthorization, fetchToken, loginHint } from './registry-token.ts'

const maxRedirects = 5

/** How the client talks to a registry. */
export interface RegistryClientOptions {
  readonly reference: ImageReference
  readonly credentials: RegistryCredentials | undefined
  /** Plain HTTP. */
  readonly insecure: boolean
  readonly retries: number
  /** Milliseconds before the first retry; each further wait is twice as long. */
  readonly retryDelayMs: number
}

/** One request. */
export interface RegistryRequest {
  /** Below the repository: `manifests/latest`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Reads from one repository of a registry (OCI distribution specification): authentication with tokens or passwords, redirects, and
 * another try when the registry is busy or the network fails.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions
  readonly #origin: string
  #authorization: Promise<string | undefined> = Promise.resolve(undefined)

  constructor(options: RegistryClientOptions) {
    this.#options = options
    const { registry } = options.reference
    this.#origin = `${options.insecure ? 'http' : 'https'}://${registry === 'docker.io' ? 'registry-1.docker.io' : registry}`
  }

  /** How many times something is tried again. */
  get retries(): number {
    return this.#options.retries
  }

  /**
   * What `take` makes of the answer to a GET request. A network that fails in `take` too is tried again.
   * @throws ImagoError `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED`, `NETWORK`, and what `take` throws of ours
   */
  async get<T>(request: RegistryRequest, take: (response: Response) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(request, take)
      if ('value' in outcome) return outcome.value
      const isLast = attempt >= this.#options.retries
      if ('error' in outcome) {
        if (isLast) throw this.networkError(outcome.error)
        await this.pause(attempt, request.signal)
      } else {
        const { response } = outcome
        if (isLast || (response.status < 500 && response.status !== 429)) throw await this.#statusError(response, request)
        await response.body?.cancel()
        await this.pause(attempt, request.signal, response.headers.get('retry-after'))
      }
    }
  }

  /** Waits before another try. */
  pause(attempt: number, signal: AbortSignal, retryAfter: string | null = null): Promise<void> {
    const asked = Number(retryAfter ?? 0) * 1000
    return wait(Number.isFinite(asked) && asked > 0 ? Math.min(asked, 60_000) : this.#options.retryDelayMs * 2 ** attempt, signal)
  }

  /** The error for a connection that cannot be made or breaks. */
  networkError(error: unknown): ImagoError {
    const { registry } = this.#options.reference
    return new ImagoError('NETWORK', `cannot read from registry '${registry}': ${networkReason(error)}`, {
      cause: error,
      hint: `check the name and that ${this.#origin} can be reached from here`,
    })
  }

  /** What comes of one try: a value, an answer that is no success, or the error of a network that fails. */
  async #attempt<T>(
    request: RegistryRequest,
    take: (response: Response) => Promise<T>,
  ): Promise<{ readonly value: T } | { readonly response: Response } | { readonly error: unknown }> {
    try {
      const response = await this.#authorized(request)
      return response.ok ? { value: await take(response) } : { response }
    } catch (error) {
      if (request.signal.aborted) throw abortError(request.signal)
      if (isImagoError(error)) throw error
      return { error }
    }
  }

  async #authorized(request: RegistryRequest): Promise<Response> {
    const url = new URL(`${this.#origin}/v2/${this.#options.reference.repository}/${request.path}`)
    const used = this.#authorization
    const response = await this.#follow(url, request, await used)
    if (response.status !== 401) return response
    await response.body?.cancel()
    // Of several requests that are refused at once, the first fetches a token for all.
    if (this.#authorization === used) this.#authorization = this.#authorize(response.headers.get('www-authenticate') ?? '', request.signal)
    return this.#follow(url, request, await this.#authorization)
  }

  /** Follows redirects by hand: what authorizes at the registry is nobody else's business. */
  async #follow(url: URL, request: RegistryRequest, authorization: string | undefined): Promise<Response> {
    let target = url
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await fetch(target, {
        redirect: 'manual',
        signal: request.signal,
        headers: {
          ...request.headers,
          'accept-encoding': 'identity',
          ...(authorization !== undefined && target.origin === url.origin && { authorization }),
        },
      })
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || location === null) return response
      await response.body?.cancel()
      target = new URL(location, target)
      if (url.protocol === 'https:' && target.protocol !== 'https:') {
        throw new ImagoError(
          'NETWORK',
          `registry '${this.#options.reference.registry}' leads to '${target.origin}', which is not encrypted`,
        )
      }
    }
    throw new ImagoError('NETWORK', `registry '${this.#options.reference.registry}' leads from one address to the next without end`)
  }

  async #authorize(header: string, signal: AbortSignal): Promise<string | undefined> {
    const { credentials, reference } = this.#options
    const challenges = parseChallenges(header)
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    try {
      if (bearer !== undefined) return `Bearer ${await fetchToken(bearer, { ...this.#options, signal })}`
      if (credentials !== undefined && 'username' in credentials && challenges.some(({ scheme }) => scheme === 'basic'))
        return basicAuthorization(credentials)
    } catch (error) {
      this.#authorization = Promise.resolve(undefined)
      throw error
    }
    throw new ImagoError('AUTHENTICATION_FAILED', `registry '${reference.registry}' wants credentials for '${reference.repository}'`, {
      hint: loginHint(this.#options),
    })
  }

  async #statusError(response: Response, request: RegistryRequest): Promise<ImagoError> {
    const { registry, repository } = this.#options.reference
    const said = saidBy(await response.json().catch(() => undefined))
    if (response.status === 401 || response.status === 403) {
      return new ImagoError('AUTHENTICATION_FAILED', `registry '${registry}' refuses '${repository}': ${response.status}${said}`, {
        hint: loginHint(this.#options),
      })
    }
    if (response.status === 404) {
      const [kind, name] = request.path.split('/')
      const what = `${kind === 'blobs' ? 'blob' : 'manifest'} '${name}' of '${repository}'`
      return new ImagoError('IMAGE_NOT_FOUND', `registry '${registry}' has no ${what}${said}`, { hint: 'check the name and the tag' })
    }
    return new ImagoError(
      'NETWORK',
      `registry '${registry}' answers with ${response.status} to '${request.path}' of '${repository}'${said}`,
    )
  }
}
