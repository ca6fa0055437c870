import type { Secret } from '@imago/core'
import { ImagoError, reveal } from '@imago/core'

import type { AuthChallenge } from './auth-challenge.ts'
import type { RegistryCredentials } from './credentials.ts'
import type { ImageReference } from './image-reference.ts'
import { saidBy } from './registry-answer.ts'

/** What a token is for. */
export interface TokenRequest {
  readonly reference: ImageReference
  readonly credentials: RegistryCredentials | undefined
  /** Whether tokens may be fetched without encryption. */
  readonly insecure: boolean
  readonly signal: AbortSignal
}

/**
 * Fetches a token for pulling, with or without credentials: Docker's token authentication, and its OAuth2 form for identity tokens.
 * @throws ImagoError `AUTHENTICATION_FAILED` when there is none to be had
 */
export async function fetchToken(challenge: AuthChallenge, request: TokenRequest): Promise<string> {
  const { reference, credentials, signal } = request
  const url = realmOf(challenge, request)
  const query = new URLSearchParams({
    ...(challenge.parameters['service'] !== undefined && { service: challenge.parameters['service'] }),
    scope: challenge.parameters['scope'] ?? `repository:${reference.repository}:pull`,
  })
  const response = await (credentials !== undefined && 'identityToken' in credentials
    ? fetch(url, { method: 'POST', signal, body: refreshForm(query, reveal(credentials.identityToken)) })
    : fetch(withQuery(url, query), {
        signal,
        ...(credentials !== undefined && { headers: { authorization: basicAuthorization(credentials) } }),
      }))
  const answer: unknown = await response.json().catch(() => undefined)
  const token = tokenOf(answer)
  if (response.ok && token !== undefined) return token
  if (response.status >= 500) throw new Error(`${url.origin} answers with ${response.status}`)
  throw new ImagoError(
    'AUTHENTICATION_FAILED',
    `'${url.origin}' gives no token for '${reference.repository}': ${response.status}${saidBy(answer)}`,
    {
      hint: loginHint(request),
    },
  )
}

/** The `Authorization` header for a user name and a password (RFC 7617). */
export function basicAuthorization(credentials: { readonly username: string; readonly password: Secret | string }): string {
  return `Basic ${Buffer.from(`${credentials.username}:${reveal(credentials.password)}`).toString('base64')}`
}

/** What to do when a registry refuses. */
export function loginHint(request: Pick<TokenRequest, 'reference' | 'credentials'>): string {
  const { registry } = request.reference
  if (request.credentials !== undefined) return 'check the name, and the user name and password'
  return `check the name; if the image is not public, run 'docker login${registry === 'docker.io' ? '' : ` ${registry}`}'`
}

/** Where tokens come from. Credentials go there, so it must be encrypted, unless the registry itself is not. */
function realmOf(challenge: AuthChallenge, { reference, insecure }: TokenRequest): URL {
  const { realm = '' } = challenge.parameters
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  if (url?.protocol === 'https:' || (insecure && url?.protocol === 'http:')) return url
  throw new ImagoError('AUTHENTICATION_FAILED', `registry '${reference.registry}' names '${realm}' for tokens, which is no safe address`)
}

function refreshForm(query: URLSearchParams, token: string): URLSearchParams {
  return new URLSearchParams([...query, ['grant_type', 'refresh_token'], ['client_id', 'imago'], ['refresh_token', token]])
}

function withQuery(url: URL, query: URLSearchParams): URL {
  const target = new URL(url)
  for (const [name, value] of query) target.searchParams.append(name, value)
  return target
}

function tokenOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const token: unknown = 'token' in answer ? answer.token : 'access_token' in answer ? answer.access_token : undefined
  return typeof token === 'string' && token !== '' ? token : undefined
}
