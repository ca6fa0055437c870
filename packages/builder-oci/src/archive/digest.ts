import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'

/** Hashes what passes. */
export class DigestMeter {
  readonly #hash: Hash = createHash('sha256')
  #size = 0

  /** Bytes that passed. */
  get size(): number {
    return this.#size
  }

  /** The bytes as they come. */
  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      this.#hash.update(chunk)
      this.#size += chunk.length
      yield chunk
    }
  }

  /** `sha256:…` of all that passed. Once only. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
