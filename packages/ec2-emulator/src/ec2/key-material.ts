import { createHash, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

import { createKeyPair } from '@imago/communicator-ssh'
import { reveal } from '@imago/core'

import { apiError } from '../api-error.ts'

/** The public half of a key pair. */
export interface ImportedKey {
  readonly type: 'rsa' | 'ed25519'
  /** The line of an `authorized_keys` file, without a comment. */
  readonly publicKey: string
  /** As Amazon computes it for this kind of key. */
  readonly fingerprint: string
}

/** A key pair that was made here. */
export interface GeneratedKey extends ImportedKey {
  /** RSA in PKCS#1, ed25519 in OpenSSH's own format. */
  readonly privateKey: string
}

/** Makes a key pair as `CreateKeyPair` does. */
export async function generateKey(type: 'rsa' | 'ed25519'): Promise<GeneratedKey> {
  if (type === 'ed25519') {
    const { privateKey, publicKey } = await createKeyPair()
    return { ...importKey(Buffer.from(publicKey)), privateKey: reveal(privateKey) }
  }
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const der = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    type: 'rsa',
    publicKey: `ssh-rsa ${rsaBlob(pair.publicKey).toString('base64')}`,
    fingerprint: colons(createHash('sha1').update(der).digest('hex')),
    privateKey: pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().trimEnd(),
  }
}

/**
 * Reads a public key as `ImportKeyPair` takes it.
 * @throws ApiError `InvalidKey.Format`
 */
export function importKey(material: Uint8Array | undefined): ImportedKey {
  const [format = '', base64 = ''] = Buffer.from(material ?? [])
    .toString()
    .trim()
    .split(/\s+/)
  const [name, ...fields] = fieldsOf(Buffer.from(base64, 'base64'))
  const publicKey = `${format} ${base64}`
  if (name?.toString() === format && format === 'ssh-ed25519' && fields[0]?.length === 32) {
    const digest = createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64')
    return { type: 'ed25519', publicKey, fingerprint: digest }
  }
  const [exponent, modulus] = fields
  if (name?.toString() === format && format === 'ssh-rsa' && exponent !== undefined && modulus !== undefined) {
    const der = rsaPublicKey(publicKey).export({ type: 'spki', format: 'der' })
    return { type: 'rsa', publicKey, fingerprint: colons(createHash('md5').update(der).digest('hex')) }
  }
  throw apiError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')
}

/** The key of an OpenSSH line of type `ssh-rsa`. */
export function rsaPublicKey(line: string): KeyObject {
  const [, exponent = Buffer.alloc(0), modulus = Buffer.alloc(0)] = fieldsOf(Buffer.from(line.split(' ')[1] ?? '', 'base64'))
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: withoutZeros(exponent), n: withoutZeros(modulus) } })
}

function withoutZeros(number: Buffer): string {
  return number.subarray(number.findIndex((byte) => byte !== 0)).toString('base64url')
}

/** The fields of a key as SSH writes it (RFC 4253, 6.6): each with its length before it. */
function fieldsOf(blob: Buffer): readonly Buffer[] {
  const fields: Buffer[] = []
  let offset = 0
  while (offset + 4 <= blob.length) {
    const end = offset + 4 + blob.readUInt32BE(offset)
    fields.push(blob.subarray(offset + 4, end))
    offset = end
  }
  return offset === blob.length ? fields : []
}

function rsaBlob(key: KeyObject): Buffer {
  const { e = '', n = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([Buffer.from('ssh-rsa'), positive(e), positive(n)].map(field))
}

/** A number that is not read as negative. */
function positive(base64: string): Buffer {
  const number = Buffer.from(base64, 'base64url')
  return (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function colons(hex: string): string {
  return (hex.match(/../g) ?? []).join(':')
}
