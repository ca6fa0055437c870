import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

import { abortError } from '@imago/core'
import type { TarEntry } from '@imago/tar'
import { packEntries } from '@imago/tar'

import { DigestMeter } from './digest.ts'
import { gzip } from './gzip.ts'
import { mediaTypes } from './media-types.ts'

/** How layers are compressed. */
export type LayerCompression = 'gzip' | 'none'

/** A layer in a file of its own. */
export interface LayerFile {
  readonly path: string
  readonly mediaType: string
  /** Of the file. */
  readonly digest: string
  /** Bytes of the file. */
  readonly size: number
  /** Of the tar archive in it, before compression. */
  readonly diffId: string
}

/** Where to write a layer, and how. */
export interface LayerTarget {
  readonly path: string
  readonly compression: LayerCompression
  readonly signal: AbortSignal
  /** It is written also when it is empty. @default false */
  readonly complete?: boolean
}

/**
 * Writes a tar archive as a layer: once through, with both digests.
 * @throws what the archive or the file system throws; `CANCELLED` or `TIMEOUT` when the signal says so
 */
export async function writeLayerFile(tar: AsyncIterable<Uint8Array>, target: LayerTarget): Promise<LayerFile> {
  const { path, compression, signal } = target
  const [plain, compressed] = [new DigestMeter(), new DigestMeter()]
  const bytes = compression === 'gzip' ? gzip(plain.through(tar)) : plain.through(tar)
  try {
    await pipeline(compressed.through(bytes), createWriteStream(path, { flags: 'wx' }), { signal })
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error
  }
  const mediaType = compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layer
  return { path, mediaType, digest: compressed.digest(), size: compressed.size, diffId: plain.digest() }
}

/** Writes entries as a layer, or nothing at all when there are none. */
export async function writeLayerEntries(entries: AsyncIterable<TarEntry>, target: LayerTarget): Promise<LayerFile | undefined> {
  let isEmpty = true
  async function* counted(): AsyncGenerator<TarEntry, void, undefined> {
    for await (const entry of entries) {
      isEmpty = false
      yield entry
    }
  }
  const layer = await writeLayerFile(packEntries(counted(), { signal: target.signal }), target)
  if (!isEmpty || target.complete === true) return layer
  await rm(layer.path)
  return undefined
}
