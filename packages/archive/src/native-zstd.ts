import { ImagoError } from '@imago/core'
import type { Encoder } from '@toondepauw/node-zstd'

import type { CompressFrame } from './zstd.ts'

/**
 * zstd for versions of Node that have none of their own. Works on Node's thread pool, as theirs does.
 * @throws ImagoError `UNSUPPORTED` on a system for which it was not built.
 */
export async function nativeZstd(level: number): Promise<CompressFrame> {
  const encoder = await newEncoder(level)
  return (block) => encoder.encode(Buffer.from(block.buffer, block.byteOffset, block.byteLength))
}

async function newEncoder(level: number): Promise<Encoder> {
  try {
    const zstd = await import('@toondepauw/node-zstd')
    return new zstd.Encoder(level)
  } catch (cause) {
    throw new ImagoError('UNSUPPORTED', `there is no zstd for Node ${process.versions.node} on ${process.platform} ${process.arch}`, {
      cause,
      hint: "use Node 22.15 or newer, or give the output a name that ends in '.tar.gz'",
    })
  }
}
