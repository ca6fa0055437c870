import { promisify } from 'node:util'
import { constants, deflateRaw } from 'node:zlib'

import { readAhead } from '@imago/core'

import { inBlocks } from './blocks.ts'
import type { BufferPool } from './buffer-pool.ts'
import { isNoise } from './noise.ts'
import type { Parts } from './parts.ts'
import { RunningChecksum } from './running-checksum.ts'

const deflate = promisify(deflateRaw)

/** Whether it pays to compress is found out for so many bytes at a time. */
const pieceSize = 512 * 1024
/** Hardly slower than 1, and 3 is hardly smaller. */
const gzipLevel = 2

/** How to compress. */
export interface GzipOptions {
  /** zlib's: 0 stores, 1 is fast, 9 is small. @default 2 */
  readonly level?: number | undefined
  /** How many blocks are compressed at a time, on Node's thread pool. */
  readonly threads: number
  /** Where large chunks of the source belong once they are compressed. Blocks are as large as its buffers. */
  readonly pool: BufferPool
}

/**
 * Compresses to one gzip member (RFC 1952), on several cores: blocks are deflated apart, end on a byte, and stand one after another.
 * What does not compress is stored.
 */
export async function* gzip(source: AsyncIterable<Uint8Array>, options: GzipOptions): AsyncGenerator<Parts, void, void> {
  const { level = gzipLevel, threads, pool } = options
  const checksum = new RunningChecksum()
  const zeros = Buffer.alloc(pool.size)
  let length = 0
  async function* blocks(): AsyncGenerator<Uint8Array, void, void> {
    for await (const block of inBlocks(source, pool.size)) {
      if (zeros.subarray(0, block.length).equals(block)) checksum.addZeros(block.length)
      else checksum.add(block)
      length += block.length
      yield block
    }
  }
  const deflateAny = rememberingZeros(zeros)
  const compress = async (block: Uint8Array) => ({ block, parts: await deflateBlock(block, level, deflateAny) })
  yield [header]
  for await (const { block, parts } of readAhead(blocks(), 3 * threads, compress)) {
    yield parts
    pool.give(block)
  }
  yield [trailer(checksum.value, length)]
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

/** Deflates one run of bytes at a level. */
type DeflateRun = (data: Uint8Array, level: number) => Promise<Parts>

/** Whole deflate blocks, none of them the last, ending on a byte. */
async function deflateBlock(block: Uint8Array, level: number, deflateAny: DeflateRun): Promise<Parts> {
  const parts = await Promise.all(runs(block, level).map((run) => deflateAny(block.subarray(run.start, run.end), run.level)))
  return parts.flat()
}

/** Deflates runs of zeros once for each length. @param zeros as many as a run can be long */
function rememberingZeros(zeros: Buffer): DeflateRun {
  const known = new Map<number, Promise<Parts>>()
  return (data, level) => {
    if (level === 0) return Promise.resolve(storedBlocks(data))
    if (!zeros.subarray(0, data.length).equals(data)) return deflateRun(data, level)
    const result = known.get(data.length) ?? deflateRun(data, level)
    known.set(data.length, result)
    return result
  }
}

interface Run {
  readonly start: number
  readonly end: number
  readonly level: number
}

/** A block's pieces with the level for each, 0 for noise; neighbours that are alike together. */
function runs(block: Uint8Array, level: number): Run[] {
  const found: Run[] = []
  for (let start = 0; start < block.length; start += pieceSize) {
    const end = Math.min(start + pieceSize, block.length)
    const fitting = isNoise(block.subarray(start, end)) ? 0 : level
    const last = found.at(-1)
    if (last?.level === fitting) found[found.length - 1] = { ...last, end }
    else found.push({ start, end, level: fitting })
  }
  return found
}

async function deflateRun(data: Uint8Array, level: number): Promise<Parts> {
  const deflated = await deflate(data, {
    level,
    memLevel: constants.Z_MAX_MEMLEVEL,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.ceil(data.length / 2) + 4096, // the thread pool is asked once for what halves, twice for what does not
  })
  return [deflated]
}

const storedSize = 0xff_ff
const storedHeadSize = 5

/** The bytes as they are, without copying: RFC 1951, section 3.2.4. Five bytes more for each 64 KiB. */
function storedBlocks(data: Uint8Array): Parts {
  const parts: Uint8Array[] = []
  for (let from = 0; from < data.length; from += storedSize) {
    const part = data.subarray(from, from + storedSize)
    const head = Buffer.allocUnsafe(storedHeadSize) // of Node's shared pool: small arrays of one's own are dear to write
    head.writeUInt8(0)
    head.writeUInt16LE(part.length, 1)
    head.writeUInt16LE(0xff_ff - part.length, 3)
    parts.push(head, part)
  }
  return parts
}
