import { ImagoError, messageOf, reveal, timeLimit } from '@imago/core'
import * as v from 'valibot'

import type { ExternalFunction, ExternalResolver } from './external-values.ts'

/** Where `externalSources` reads how to reach them. */
export interface ExternalSourceOptions {
  /** An environment variable's value. */
  readonly env: (name: string) => string | undefined
}

/** How long an answer may take, in milliseconds. */
const answerMs = 30_000

/**
 * Asks Vault (`VAULT_ADDR`, `VAULT_TOKEN`, `VAULT_NAMESPACE`), Consul (`CONSUL_HTTP_ADDR`, `CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_SSL`) and the Secrets
 * Manager of AWS (its usual credentials, and `AWS_REGION`) for what templates want to know. The package for AWS is loaded when it is needed.
 *
 * Answers fail with `AUTHENTICATION_FAILED` where it is not known how to ask, or the token is refused, with `INPUT_MISSING` where there is no
 * such value, and with `NETWORK`.
 * @example loadTemplate(file, { directory, external: externalSources({ env: (name) => process.env[name] }) })
 */
export function externalSources({ env }: ExternalSourceOptions): ExternalResolver {
  const set = (name: string): string | undefined => env(name) || undefined
  return async (source, [name = '', key]) => {
    const askers: Readonly<Record<ExternalFunction, () => Promise<string>>> = {
      vault: () => askVault(name, key, set),
      consul_key: () => askConsul(name, set),
      aws_secretsmanager: () => askAws(name, key),
    }
    return await askers[source]()
  }
}

type Env = (name: string) => string | undefined

const vaultAnswer = v.object({ data: v.record(v.string(), v.unknown()) })
const secretOfVersion2 = v.record(v.string(), v.unknown())

/** One value of a secret, of the first or second version of Vault's engine (https://developer.hashicorp.com/vault/api-docs/secret/kv). */
async function askVault(path: string, key: string | undefined, env: Env): Promise<string> {
  const [address, token, namespace] = [env('VAULT_ADDR'), env('VAULT_TOKEN'), env('VAULT_NAMESPACE')]
  if (address === undefined || token === undefined) {
    const hint = 'set both, or give the variable a value with --var'
    throw new ImagoError('AUTHENTICATION_FAILED', `VAULT_ADDR and VAULT_TOKEN say how to ask Vault for '${path}', and are not both set`, {
      hint,
    })
  }
  if (key === undefined)
    throw new ImagoError('INPUT_MISSING', `'vault' needs a path and the name of a value: {{vault \`${path}\` \`name\`}}`)
  const url = at(address, `/v1/${path.replace(/^\/+/, '')}`)
  const headers = { 'X-Vault-Token': token, ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }) }
  const response = await ask('Vault', url, headers)
  if (response.status === 404)
    throw new ImagoError('INPUT_MISSING', `Vault has nothing at '${path}'`, {
      hint: "with version 2 of its engine, 'data' is part of the path: secret/data/cow",
    })
  const { data } = v.parse(vaultAnswer, await response.json())
  const inner = v.safeParse(secretOfVersion2, data['data'])
  const values = inner.success ? inner.output : data
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  if (value === undefined || value === null) throw new ImagoError('INPUT_MISSING', `what Vault has at '${path}' has no '${key}'`)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The value of a key (https://developer.hashicorp.com/consul/api-docs/kv). */
async function askConsul(key: string, env: Env): Promise<string> {
  const scheme = /^(?:1|true)$/i.test(env('CONSUL_HTTP_SSL') ?? '') ? 'https' : 'http'
  const address = env('CONSUL_HTTP_ADDR') ?? '127.0.0.1:8500'
  const token = env('CONSUL_HTTP_TOKEN')
  const path = key.split('/').map(encodeURIComponent).join('/')
  const url = at(address.includes('://') ? address : `${scheme}://${address}`, `/v1/kv/${path}?raw`)
  const response = await ask('Consul', url, token === undefined ? {} : { 'X-Consul-Token': token })
  if (response.status === 404) throw new ImagoError('INPUT_MISSING', `Consul has no key '${key}'`)
  return await response.text()
}

/** A secret, or a member of one that is a JSON object. A secret with one member alone needs no name of it. */
async function askAws(name: string, key: string | undefined): Promise<string> {
  const { secretsManager } = await import('@imago/builder-amazon')
  const text = reveal(await secretsManager({ name, ...(key !== undefined && { key }) }))
  return key === undefined ? onlyMember(text) : text
}

function onlyMember(text: string): string {
  try {
    const parsed = v.safeParse(v.record(v.string(), v.string()), JSON.parse(text))
    const [only, ...others] = parsed.success ? Object.values(parsed.output) : []
    return only !== undefined && others.length === 0 ? only : text
  } catch {
    return text // it is no JSON
  }
}

function at(address: string, path: string): URL {
  try {
    return new URL(path, address)
  } catch (error) {
    throw new ImagoError('AUTHENTICATION_FAILED', `'${address}' is no address`, {
      cause: error,
      hint: 'it begins with https:// or http://',
    })
  }
}

/** @throws ImagoError unless there is an answer, which may be that there is nothing */
async function ask(who: string, url: URL, headers: Record<string, string>): Promise<Response> {
  const response = await fetch(url, { headers, signal: timeLimit(answerMs) }).catch((error: unknown) => {
    const { cause }: { readonly cause?: unknown } = error instanceof Error ? error : {}
    throw new ImagoError('NETWORK', `${who} at ${url.origin} does not answer: ${messageOf(cause ?? error)}`, { cause: error })
  })
  if (response.ok || response.status === 404) return response
  const refused = response.status === 401 || response.status === 403
  throw new ImagoError(
    refused ? 'AUTHENTICATION_FAILED' : 'NETWORK',
    `${who} at ${url.origin} answers ${response.status} for '${url.pathname}'`,
    {
      ...(refused && { hint: `check the token: what it may read is said by ${who}'s policies` }),
    },
  )
}
