import type { ConnectionKey, SshServer } from '@imago/core'
import { secret } from '@imago/core'

import type { SshConnection } from './connection.ts'
import type { Credential, KeyCredential } from './credentials.ts'
import type { Stop } from './route.ts'

/**
 * A server for programs other than this one, with what it has let us in by; `undefined` when they cannot log in by it without a question:
 * a password, an encrypted key, a key in PuTTY's format.
 */
export function serverFor({ address, hostKeys, handshake }: Stop, connection: SshConnection | undefined): SshServer | undefined {
  const { shown } = hostKeys
  if (connection === undefined || shown === undefined || !connection.credentials.every(isForOthers)) return undefined
  const agent = connection.credentials.find(({ method }) => method === 'agent')
  return {
    ...address,
    user: handshake.user,
    keys: connection.credentials.filter(isKey).map(keyFor),
    ...(agent?.method === 'agent' && { agent: agent.socket }),
    hostKey: shown,
  }
}

function isForOthers(credential: Credential): boolean {
  if (!isKey(credential)) return credential.method === 'agent'
  return credential.passphrase === undefined && !credential.key.startsWith('PuTTY-')
}

function isKey(credential: Credential): credential is KeyCredential {
  return credential.method === 'publickey'
}

function keyFor({ key, certificate }: KeyCredential): ConnectionKey {
  return { privateKey: secret(key), ...(certificate !== undefined && { certificate }) }
}
