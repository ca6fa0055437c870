import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

import type { Secret } from '@imago/core'
import { secret } from '@imago/core'

import { fingerprintOf } from './host-keys.ts'

/** An ed25519 key pair. */
export interface SshKeyPair {
  /** In OpenSSH's format, not encrypted: for `key: { inline }`, or for a file. */
  readonly privateKey: Secret
  /** The line of an `authorized_keys` file. */
  readonly publicKey: string
  /** `SHA256:…` */
  readonly fingerprint: string
}

/**
 * Makes an ed25519 key pair, for one build. It exists in memory only.
 * @param comment what the public key is called in the machine
 * @example const keys = await createKeyPair('imago build 42')
 */
export async function createKeyPair(comment = 'imago'): Promise<SshKeyPair> {
  const pair = await promisify(generateKeyPair)('ed25519')
  const { x = '' } = pair.publicKey.export({ format: 'jwk' })
  const { d = '' } = pair.privateKey.export({ format: 'jwk' })
  const point = Buffer.from(x, 'base64url')
  const seed = Buffer.from(d, 'base64url')
  const blob = Buffer.concat([field('ssh-ed25519'), field(point)])
  const label = comment.replaceAll(/[\r\n]+/g, ' ')
  return {
    privateKey: secret(privateKeyFile(blob, Buffer.concat([seed, point]), point, label)),
    publicKey: `ssh-ed25519 ${blob.toString('base64')} ${label}`,
    fingerprint: fingerprintOf(blob),
  }
}

/** OpenSSH's own format (its PROTOCOL.key): cipher, derivation of the cipher's key, public keys, private keys. */
function privateKeyFile(publicBlob: Buffer, privateKey: Buffer, point: Buffer, comment: string): string {
  const check = randomBytes(4)
  const inner = Buffer.concat([check, check, field('ssh-ed25519'), field(point), field(privateKey), field(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1))
  const one = Buffer.from([0, 0, 0, 1])
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob),
    field(Buffer.concat([inner, padding])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
