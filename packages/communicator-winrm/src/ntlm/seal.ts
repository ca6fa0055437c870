import { createHash, createHmac } from 'node:crypto'

import { Rc4 } from './rc4.ts'

/** One direction of a session: what comes out of it must be opened in the same order. */
class Direction {
  readonly #sign: Buffer
  readonly #cipher: Rc4
  #sequence = 0

  constructor(sessionKey: Uint8Array, way: 'client-to-server' | 'server-to-client') {
    this.#sign = keyFor(sessionKey, way, 'signing')
    this.#cipher = new Rc4(keyFor(sessionKey, way, 'sealing'))
  }

  seal(message: Uint8Array): { readonly signature: Buffer; readonly sealed: Buffer } {
    const sealed = this.#cipher.apply(message)
    return { signature: this.#signature(message), sealed }
  }

  open(signature: Uint8Array, sealed: Uint8Array): Buffer {
    const message = this.#cipher.apply(sealed)
    if (!this.#signature(message).equals(signature)) throw new Error('an encrypted message has a wrong signature')
    return message
  }

  /** MS-NLMP, 3.4.4.2. */
  #signature(message: Uint8Array): Buffer {
    const sequence = uint32(this.#sequence++)
    const sum = createHmac('md5', this.#sign).update(sequence).update(message).digest().subarray(0, 8)
    return Buffer.concat([uint32(1), this.#cipher.apply(sum), sequence])
  }
}

/** What encrypts and signs the messages of a session whose key both sides know (MS-NLMP, 3.4). */
export class NtlmSeal {
  readonly #out: Direction
  readonly #in: Direction

  constructor(sessionKey: Uint8Array, side: 'client' | 'server') {
    const [out, back] =
      side === 'client' ? (['client-to-server', 'server-to-client'] as const) : (['server-to-client', 'client-to-server'] as const)
    this.#out = new Direction(sessionKey, out)
    this.#in = new Direction(sessionKey, back)
  }

  seal(message: Uint8Array): { readonly signature: Buffer; readonly sealed: Buffer } {
    return this.#out.seal(message)
  }

  /** @throws Error when the other side has not sealed it, or not as the next message */
  open(signature: Uint8Array, sealed: Uint8Array): Buffer {
    return this.#in.open(signature, sealed)
  }
}

/** MS-NLMP, 3.4.5.2 and 3.4.5.3, for keys of 128 bits. */
function keyFor(sessionKey: Uint8Array, way: string, use: string): Buffer {
  return createHash('md5').update(sessionKey).update(`session key to ${way} ${use} key magic constant\0`).digest()
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
