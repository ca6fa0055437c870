import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'

import type { ArchiveEntry } from './archive-entry.ts'
import { unreadable } from './archive-entry.ts'
import type { BufferPool } from './buffer-pool.ts'

/** How entries are read. */
export interface Reading {
  readonly pool: BufferPool
  /** Told how many bytes more have been read. */
  readonly onRead: (bytes: number) => void
}

/**
 * The content of an entry: exactly as many bytes as its `size` says, also when the file grows meanwhile. One chunk is read ahead; large
 * chunks are the pool's.
 * @throws ImagoError `INPUT_MISSING` when the file cannot be read or has become shorter
 */
export async function* readEntry({ content, size }: ArchiveEntry, reading: Reading): AsyncGenerator<Uint8Array, void, void> {
  if (size === 0) return
  if (content instanceof Uint8Array) {
    reading.onRead(content.length)
    yield content
    return
  }
  const file = await open(content.path).catch((error: unknown) => {
    throw unreadable(content.path, error)
  })
  try {
    yield* readPart(file, { start: content.start, size }, reading)
  } catch (error) {
    throw unreadable(content.path, error)
  } finally {
    await file.close()
  }
}

interface Part {
  readonly start: number
  readonly size: number
}

async function* readPart(file: FileHandle, { start, size }: Part, { pool, onRead }: Reading): AsyncGenerator<Uint8Array, void, void> {
  const end = start + size
  let at = start
  const readAhead = (): Promise<Uint8Array> => {
    const reading = readChunk(file, { start: at, size: end - at }, pool)
    reading.catch(() => undefined) // thrown below, when it is awaited
    return reading
  }
  let ahead = readAhead()
  try {
    while (at < end) {
      const chunk = await ahead
      if (chunk.length === 0) throw new Error(`it became ${end - at} bytes shorter while it was read`)
      at += chunk.length
      if (at < end) ahead = readAhead()
      onRead(chunk.length)
      yield chunk
    }
  } finally {
    await Promise.allSettled([ahead])
  }
}

async function readChunk(file: FileHandle, { start, size }: Part, pool: BufferPool): Promise<Uint8Array> {
  const buffer = size < pool.size ? Buffer.allocUnsafeSlow(size) : pool.take()
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start)
  return buffer.subarray(0, bytesRead)
}
