import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

import { abortError, fileSystemError, ImagoError } from '@imago/core'

import type { Digest, DigestAlgorithm } from './media-source.ts'

/** How many hex digits each digest has. */
export const hexLengths: Readonly<Record<DigestAlgorithm, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 }

/** A digest, taken apart. */
export interface KnownDigest {
  readonly algorithm: DigestAlgorithm
  /** In lower case. */
  readonly hex: string
}

/** A digest as it is written in options; `undefined` when it is none. */
export function parseDigest(text: string): KnownDigest | undefined {
  const match = /^(md5|sha1|sha256|sha512):([0-9a-f]+)$/i.exec(text)
  if (match === null) return undefined
  const algorithm = (match[1] ?? '').toLowerCase() as DigestAlgorithm // the pattern admits nothing else
  const hex = (match[2] ?? '').toLowerCase()
  return hex.length === hexLengths[algorithm] ? { algorithm, hex } : undefined
}

/** The digest of an algorithm, as it is written. */
export function formatDigest({ algorithm, hex }: KnownDigest): Digest {
  return `${algorithm}:${hex}`
}

/** Computes the SHA-256 of what it is given, and the digest that something else is expected to have. */
export class Hasher {
  readonly #hashes: ReadonlyMap<DigestAlgorithm, Hash>
  readonly #expected: KnownDigest | undefined

  constructor(expected: KnownDigest | undefined) {
    this.#expected = expected
    this.#hashes = new Map(
      [...new Set<DigestAlgorithm>(['sha256', expected?.algorithm ?? 'sha256'])].map((name) => [name, createHash(name)]),
    )
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk)
  }

  /**
   * Ends it.
   * @returns the SHA-256 in hex
   * @throws ImagoError `CHECKSUM_MISMATCH` with both digests, when another one was expected
   */
  verify(name: string): string {
    const digests = new Map([...this.#hashes].map(([algorithm, hash]) => [algorithm, hash.digest('hex')]))
    const hex = digests.get(this.#expected?.algorithm ?? 'sha256')
    if (this.#expected !== undefined && hex !== this.#expected.hex) {
      const { algorithm } = this.#expected
      throw new ImagoError(
        'CHECKSUM_MISMATCH',
        `${name} has the checksum ${algorithm}:${hex ?? ''}, and ${formatDigest(this.#expected)} is expected`,
        {
          hint: 'check the checksum of the definition; the file may have been replaced by a newer one, or be damaged',
        },
      )
    }
    return digests.get('sha256') ?? ''
  }
}

/**
 * Reads a file and checks its digest.
 * @returns its SHA-256 in hex
 * @throws ImagoError `CHECKSUM_MISMATCH`, `INPUT_MISSING`, or as the signal says
 */
export async function verifyFile(path: string, expected: KnownDigest | undefined, signal: AbortSignal): Promise<string> {
  const hasher = new Hasher(expected)
  await hashInto(hasher, path, signal)
  return hasher.verify(`'${path}'`)
}

/** Adds the content of a file. */
export async function hashInto(hasher: Hasher, path: string, signal: AbortSignal): Promise<void> {
  try {
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path, { signal, highWaterMark: 1 << 20 })
    for await (const chunk of chunks) hasher.update(chunk)
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    throw fileSystemError(error, `cannot read '${path}'`)
  }
}
