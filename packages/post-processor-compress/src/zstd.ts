import { promisify } from 'node:util'
import zlib from 'node:zlib'

import { inBlocks } from './blocks.ts'
import type { BufferPool } from './buffer-pool.ts'
import { inOrder } from './in-order.ts'
import type { Parts } from './output-file.ts'
import { zstdProgram } from './zstd-program.ts'

/** How to compress. */
export interface ZstdOptions {
  /** 1 is fast, 22 is small. */
  readonly level: number
  readonly threads: number
  /** Where large chunks of the source belong once they are compressed. Frames hold as much as its buffers. */
  readonly pool: BufferPool
  readonly signal: AbortSignal
}

/** Compresses a block to one frame. */
export type CompressFrame = (block: Uint8Array, level: number) => Promise<Uint8Array>

/**
 * Compresses to zstd frames (RFC 8878), on several cores: with Node's own zstd where it has one, else with the program `zstd`.
 * @throws ImagoError `TOOL_MISSING` when there is neither, before anything is read.
 */
export function zstd(source: AsyncIterable<Uint8Array>, options: ZstdOptions): AsyncIterable<Parts> {
  const compressFrame = nodeZstd()
  return compressFrame === undefined ? zstdProgram({ source }, options) : zstdFrames(source, compressFrame, options)
}

/** Whether this Node has zstd of its own. */
export function hasNodeZstd(): boolean {
  return nodeZstd() !== undefined
}

/** Frames one after another, which is as good as one: RFC 8878, section 3. */
export async function* zstdFrames(
  source: AsyncIterable<Uint8Array>,
  compressFrame: CompressFrame,
  { level, threads, pool }: Omit<ZstdOptions, 'signal'>,
): AsyncGenerator<Parts, void, void> {
  const compress = async (block: Uint8Array) => ({ block, frame: await compressFrame(block, level) })
  let isEmpty = true
  for await (const { block, frame } of inOrder(inBlocks(source, pool.size), threads + 1, compress)) {
    isEmpty = false
    yield [frame]
    pool.give(block)
  }
  if (isEmpty) yield [await compressFrame(new Uint8Array(0), level)]
}

/** What Node has from 22.15 on; we are compiled against the types of an older one. */
type ZstdCompress = (
  data: Uint8Array,
  options: { readonly chunkSize: number; readonly params: Readonly<Record<number, number>> },
  callback: (error: Error | null, frame: Buffer) => void,
) => void

/** `ZSTD_cParameter` of zstd's own interface. */
const compressionLevel = 100
const checksumFlag = 201

function nodeZstd(): CompressFrame | undefined {
  const zstdCompress: unknown = Reflect.get(zlib, 'zstdCompress')
  if (typeof zstdCompress !== 'function') return undefined
  const compress = promisify(zstdCompress as ZstdCompress) // documented so
  return (block, level) =>
    compress(block, { chunkSize: Math.ceil(block.length / 2) + 4096, params: { [compressionLevel]: level, [checksumFlag]: 1 } })
}
