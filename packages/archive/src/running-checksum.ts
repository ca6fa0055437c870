import { crc32 } from 'node:zlib'

/** Zeros are counted in pieces of so many bytes. */
const pieceSize = 64 * 1024

/** What a piece of zeros does to a checksum. */
interface ZerosEffect {
  /** What it makes of the checksum 0. */
  readonly ofNothing: number
  /** How each bit of another checksum changes that, the lowest first. */
  readonly ofBit: readonly number[]
}

/**
 * The CRC-32 of all bytes so far (RFC 1952, section 8). Zeros, of which images of disks are full, are not gone through: what they do to a checksum
 * is linear in its bits but for a constant, and known from what they do to each bit.
 */
export class RunningChecksum {
  #value = 0
  readonly #zeros = Buffer.alloc(pieceSize)
  #effect: ZerosEffect | undefined

  get value(): number {
    return this.#value
  }

  add(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value)
  }

  addZeros(count: number): void {
    for (let left = count; left > 0; left -= pieceSize) {
      if (left < pieceSize) this.add(this.#zeros.subarray(0, left))
      else this.#addPiece()
    }
  }

  #addPiece(): void {
    const { ofNothing, ofBit } = (this.#effect ??= effectOf(this.#zeros))
    let value = ofNothing
    for (let bit = 0; bit < 32; bit++) if ((this.#value >>> bit) & 1) value ^= ofBit[bit] ?? 0
    this.#value = value >>> 0
  }
}

function effectOf(zeros: Uint8Array): ZerosEffect {
  const ofNothing = crc32(zeros, 0)
  return { ofNothing, ofBit: Array.from({ length: 32 }, (_, bit) => crc32(zeros, (1 << bit) >>> 0) ^ ofNothing) }
}
