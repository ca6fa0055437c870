import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'

const deflate = promisify(deflateRaw)

/** Blocks of exactly this size, so that the result depends on the bytes alone. Each starts with an empty window. */
const blockSize = 1024 * 1024
/** zlib's own default is 6: a few per cent smaller, and half as fast. */
const level = 4

/**
 * Compresses to one gzip member (RFC 1952) on all cores: blocks are deflated apart, end on a byte, and stand one after another. The
 * same bytes give the same result with the same zlib.
 */
export async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const limit = availableParallelism() + 1
  const running: Promise<Uint8Array>[] = []
  let checksum = 0
  let length = 0
  yield header
  for await (const block of blocksOf(source)) {
    checksum = crc32(block, checksum)
    length += block.length
    const deflated = deflate(block, { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: blockSize / 2 })
    deflated.catch(() => undefined) // thrown below, when it is awaited
    running.push(deflated)
    const first = running.length > limit ? running.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const deflated of running) yield await deflated
  yield trailer(checksum, length)
}

async function* blocksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = []
  let room = blockSize
  for await (let chunk of source) {
    while (chunk.length >= room) {
      yield Buffer.concat([...gathered, chunk.subarray(0, room)])
      chunk = chunk.subarray(room)
      gathered = []
      room = blockSize
    }
    if (chunk.length > 0) gathered.push(chunk)
    room -= chunk.length
  }
  if (gathered.length > 0) yield Buffer.concat(gathered)
}

/** Deflate, no flags, no time, unknown system. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)

/** An empty block that says it is the last (RFC 1951, section 3.2.6), and gzip's own trailer. */
function trailer(checksum: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(10)
  bytes.writeUInt16LE(0x00_03, 0)
  bytes.writeUInt32LE(checksum, 2)
  bytes.writeUInt32LE(length % 2 ** 32, 6)
  return bytes
}
