import { promisify } from 'node:util'
import zlib from 'node:zlib'

import { readAhead } from '@imago/core'

import { inBlocks } from './blocks.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Parts } from './parts.ts'
import { nativeZstd } from './native-zstd.ts'

/** How to compress. */
export interface ZstdOptions {
  /** 1 is fast, 22 is small. */
  readonly level: number
  /** How many blocks are compressed at a time, on Node's thread pool. */
  readonly threads: number
  /** Where large chunks of the source belong once they are compressed. Frames hold as much as its buffers. */
  readonly pool: BufferPool
}

/** Compresses a block to one frame. */
export type CompressFrame = (block: Uint8Array) => Promise<Uint8Array>

/**
 * Compresses to zstd frames (RFC 8878), on several cores. Frames one after another are as good as one (section 3).
 * @throws ImagoError `UNSUPPORTED` where neither Node has zstd nor the package that stands in, before anything is read.
 */
export async function* zstd(source: AsyncIterable<Uint8Array>, options: ZstdOptions): AsyncGenerator<Parts, void, void> {
  const { level, threads, pool } = options
  const compressFrame = nodeZstd(level) ?? (await nativeZstd(level))
  const compress = async (block: Uint8Array) => ({ block, frame: await compressFrame(block) })
  let isEmpty = true
  for await (const { block, frame } of readAhead(inBlocks(source, pool.size), threads + 1, compress)) {
    isEmpty = false
    yield [frame]
    pool.give(block)
  }
  if (isEmpty) yield [await compressFrame(new Uint8Array(0))]
}

/** What Node has from 22.15 on; we are compiled against the types of an older one. */
type ZstdCompress = (
  data: Uint8Array,
  options: { readonly chunkSize: number; readonly params: Readonly<Record<number, number>> },
  callback: (error: Error | null, frame: Buffer) => void,
) => void

/** `ZSTD_cParameter` of zstd's own interface. */
const compressionLevel = 100

function nodeZstd(level: number): CompressFrame | undefined {
  const zstdCompress: unknown = Reflect.get(zlib, 'zstdCompress')
  if (typeof zstdCompress !== 'function') return undefined
  const compress = promisify(zstdCompress as ZstdCompress) // documented so
  return (block) => compress(block, { chunkSize: Math.ceil(block.length / 2) + 4096, params: { [compressionLevel]: level } })
}
