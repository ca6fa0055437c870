import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, readFile } from 'node:fs/promises'

import { ImagoError, messageOf } from '@imago/core'

import type { ArchiveEntry, Reading } from './archive-entry.ts'
import type { Parts } from './output-file.ts'
import { tarArchive } from './tar-archive.ts'
import { zstdProgram } from './zstd-program.ts'
import type { ZstdOptions } from './zstd.ts'

/** How often it is looked how far the program has read, in milliseconds. */
const lookEvery = 200
/** What stands around one file in a tar archive is never more, in bytes. */
const mostAround = 64 * 1024

/** How to compress a file. */
export interface ZstdFileOptions extends Omit<ZstdOptions, 'pool'> {
  readonly reading: Reading
  /** Whether it is compressed as a tar archive. */
  readonly asTar: boolean
}

/**
 * Compresses a large file with the program `zstd`, which reads it by itself: twice as fast as handing it over. What stands around the
 * file in a tar archive goes into frames of its own.
 * @throws ImagoError `INPUT_MISSING` when the file cannot be read, or changes meanwhile; else as {@link zstdProgram}
 */
export async function* zstdFile(entry: ArchiveEntry, options: ZstdFileOptions): AsyncGenerator<Parts, void, void> {
  if (!options.asTar) {
    yield* compressContent(entry, options)
    return
  }
  const hole = Buffer.alloc(1 << 20)
  let around = 0
  let isWritten = false
  for await (const chunk of tarArchive([entry], () => holes(hole, entry.stats.size))) {
    if (chunk.buffer !== hole.buffer) {
      around += chunk.length
      yield [storedFrame(chunk)]
    } else if (!isWritten) {
      isWritten = true
      yield* compressContent(entry, options)
    }
  }
  if (!isWritten || around > mostAround) throw new ImagoError('INTERNAL', `the archive of '${entry.path}' is not as expected`)
}

/** As many bytes as the content has, in its place: they are told by their buffer. */
async function* holes(hole: Buffer, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let left = size; left > 0; left -= hole.length) yield await Promise.resolve(hole.subarray(0, left))
}

async function* compressContent({ path, stats }: ArchiveEntry, options: ZstdFileOptions): AsyncGenerator<Parts, void, void> {
  const { onRead, pool } = options.reading
  const file = await open(path).catch((error: unknown) => {
    throw new ImagoError('INPUT_MISSING', `'${path}' cannot be read: ${messageOf(error)}`, { cause: error })
  })
  let told = 0
  const tell = (read: number): void => {
    if (read > told) onRead(read - told)
    told = Math.max(told, read)
  }
  const looking = setInterval(() => void positionOf(file).then((position) => tell(Math.min(position, stats.size - 1))), lookEvery)
  try {
    yield* zstdProgram({ descriptor: file.fd }, { ...options, pool })
    if (changed(stats, await file.stat())) throw new ImagoError('INPUT_MISSING', `'${path}' changed while it was read`)
  } finally {
    clearInterval(looking)
    await file.close()
  }
  tell(stats.size)
}

function changed(before: Stats, after: Stats): boolean {
  return after.size !== before.size || after.mtimeMs !== before.mtimeMs
}

/** How far an open file has been read, by whoever shares its descriptor; 0 where the system does not say. */
async function positionOf(file: FileHandle): Promise<number> {
  const info = await readFile(`/proc/self/fdinfo/${file.fd}`, 'latin1').catch(() => '')
  return Number(/^pos:\s*(\d+)/.exec(info)?.[1] ?? 0)
}

/** Bytes as they are in a frame of their own, up to 128 KiB: RFC 8878, section 3.1.1. */
export function storedFrame(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(12 + bytes.length)
  frame.writeUInt32LE(0xfd_2f_b5_28, 0)
  frame[4] = 0b1010_0000 // four bytes of content size, one segment, no checksum
  frame.writeUInt32LE(bytes.length, 5)
  frame.writeUIntLE((bytes.length << 3) | 1, 9, 3) // the last block, a raw one
  frame.set(bytes, 12)
  return frame
}
