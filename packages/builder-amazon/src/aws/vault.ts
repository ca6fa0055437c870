import { ImagoError, messageOf, timeLimit } from '@imago/core'
import * as v from 'valibot'

import type { VaultEngine } from '../options/access.ts'

/** Keys that Vault made. */
export interface VaultKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When new ones are needed. */
  readonly expiration: Date
}

const answer = v.object({
  lease_duration: v.number(),
  data: v.object({ access_key: v.string(), secret_key: v.string(), security_token: v.nullish(v.string()) }),
})

/**
 * Gets keys from Vault's engine for AWS (https://developer.hashicorp.com/vault/api-docs/secret/aws): of a role at AWS from `sts`, else from `creds`.
 * @throws ImagoError `AUTHENTICATION_FAILED` when Vault gives none, `NETWORK` when it does not answer
 */
export async function vaultKeys(options: VaultEngine): Promise<VaultKeys> {
  const { VAULT_ADDR: address, VAULT_TOKEN: token, VAULT_NAMESPACE: namespace } = process.env
  if (address === undefined || token === undefined) {
    throw new ImagoError('AUTHENTICATION_FAILED', 'the keys are to come from Vault, and VAULT_ADDR and VAULT_TOKEN are not both set')
  }
  const { role, engine = 'aws', roleArn, ttl } = options
  const url = new URL(`/v1/${engine}/${roleArn === undefined && ttl === undefined ? 'creds' : 'sts'}/${encodeURIComponent(role)}`, address)
  if (roleArn !== undefined) url.searchParams.set('role_arn', roleArn)
  if (ttl !== undefined) url.searchParams.set('ttl', ttl)
  const response = await ask(url, { 'X-Vault-Token': token, ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }) })
  const { data, lease_duration: seconds } = response
  return {
    accessKeyId: data.access_key,
    secretAccessKey: data.secret_key,
    ...(typeof data.security_token === 'string' && { sessionToken: data.security_token }),
    expiration: new Date(Date.now() + seconds * 1000),
  }
}

async function ask(url: URL, headers: Record<string, string>): Promise<v.InferOutput<typeof answer>> {
  const response = await fetch(url, { headers, signal: timeLimit(30_000) }).catch((error: unknown) => {
    throw new ImagoError('NETWORK', `Vault at ${url.origin} does not answer: ${messageOf(error)}`, { cause: error })
  })
  if (!response.ok) {
    throw new ImagoError('AUTHENTICATION_FAILED', `Vault gives no keys at ${url.pathname}: ${response.status} ${response.statusText}`, {
      hint: 'check the role, the engine and the token',
    })
  }
  const parsed = v.safeParse(answer, await response.json())
  if (parsed.success) return parsed.output
  throw new ImagoError('AUTHENTICATION_FAILED', `what Vault answers at ${url.pathname} holds no keys`)
}
