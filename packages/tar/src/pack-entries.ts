import type { Readable } from 'node:stream'

import { abortError, ImagoError } from '@imago/core'

import type { TarEntry, TarFile } from './entry.ts'
import { encodeHeader, endOfArchive, padding } from './header.ts'
import { readableOf } from './readable-of.ts'

/** Small entries leave in chunks of about so many bytes. */
const batchSize = 256 * 1024

/** How to write an archive. */
export interface PackEntriesOptions {
  /** Destroys the stream with `CANCELLED` or `TIMEOUT`. */
  readonly signal?: AbortSignal
  /** Called as content leaves, with the bytes of all files so far. */
  readonly onContent?: (bytes: number) => void
}

/**
 * Writes entries as one tar stream, in their order. Memory stays flat: an entry is taken when the reader has room for it.
 *
 * The stream fails with `TRANSFER_FAILED` when a file has more or fewer bytes than its `size`, and with whatever `entries` throws.
 */
export function packEntries(entries: Iterable<TarEntry> | AsyncIterable<TarEntry>, options: PackEntriesOptions = {}): Readable {
  const { signal } = options
  const stream = readableOf(encode(entries, options))
  if (signal === undefined) return stream
  const stop = (): void => void stream.destroy(abortError(signal))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return stream.once('close', () => signal.removeEventListener('abort', stop))
}

async function* encode(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  options: PackEntriesOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let batch: Uint8Array[] = []
  let batched = 0
  let packed = 0
  const add = (bytes: Uint8Array): void => {
    batch.push(bytes)
    batched += bytes.length
  }
  const takeBatch = (): Uint8Array => {
    const bytes = Buffer.concat(batch, batched)
    batch = []
    batched = 0
    return bytes
  }
  const count = (bytes: number): void => {
    packed += bytes
    options.onContent?.(packed)
  }
  for await (const entry of entries) {
    add(encodeHeader(entry))
    if (entry.type === 'file') {
      if (entry.content instanceof Uint8Array) {
        checkSize(entry, entry.content.length)
        add(entry.content)
        count(entry.size)
      } else {
        yield takeBatch()
        let size = 0
        for await (const chunk of entry.content) {
          if (chunk.length === 0) continue
          size += chunk.length
          if (size > entry.size) checkSize(entry, size)
          yield chunk
          count(chunk.length)
        }
        checkSize(entry, size)
      }
      add(padding(entry.size))
    }
    if (batched >= batchSize) yield takeBatch()
  }
  add(endOfArchive)
  yield takeBatch()
}

function checkSize(entry: TarFile, size: number): void {
  if (size === entry.size) return
  const name = Buffer.from(entry.name).toString()
  throw new ImagoError(
    'TRANSFER_FAILED',
    `'${name}' has ${size > entry.size ? 'more' : 'fewer'} than the ${entry.size} bytes that were announced`,
  )
}
