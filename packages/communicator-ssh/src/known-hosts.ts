import { createHmac } from 'node:crypto'

import type { Address } from './connection.ts'

/** What a `known_hosts` file says of one host. */
export interface KnownHosts {
  /** Its keys, in SSH's wire format. */
  readonly keys: readonly Buffer[]
  /** Keys that must never be taken, whoever shows them. */
  readonly revoked: readonly Buffer[]
}

/**
 * Finds the keys of a host in the text of a `known_hosts` file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): lists of names with wildcards
 * and negations, hashed names, `[host]:port`, `@revoked`. Lines with `@cert-authority` are about certificates and are passed over.
 */
export function parseKnownHosts(text: string, address: Address): KnownHosts {
  const name = address.port === 22 ? address.host : `[${address.host}]:${address.port}`
  const keys: Buffer[] = []
  const revoked: Buffer[] = []
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/)
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined
    const [hosts = '', , key = ''] = fields
    if (hosts === '' || hosts.startsWith('#') || key === '' || !isFor(hosts, name.toLowerCase())) continue
    if (marker === '@revoked') revoked.push(Buffer.from(key, 'base64'))
    if (marker === undefined) keys.push(Buffer.from(key, 'base64'))
  }
  return { keys, revoked }
}

function isFor(hosts: string, name: string): boolean {
  const patterns = hosts.split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name))) return false
  return patterns.some((pattern) => matches(pattern, name))
}

/** `|1|salt|hash` is the HMAC-SHA1 of the name; `*` stands for any characters and `?` for one. */
function matches(pattern: string, name: string): boolean {
  const [, version, salt = '', hash] = pattern.split('|')
  if (version === '1') return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  const expression = pattern
    .toLowerCase()
    .replaceAll(/[\\^$.+()[\]{}|]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`).test(name)
}
