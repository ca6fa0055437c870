import type { Readable } from 'node:stream'

import { abortError, ImagoError } from '@imago/core'

import type { TarEntry, TarFile } from './entry.ts'
import { encodeHeader, endOfArchive, padding } from './header.ts'
import { readableOf } from './readable-of.ts'
import { contentSize } from './sparse-format.ts'

/** Small entries leave in chunks of about so many bytes. */
const chunkSize = 256 * 1024

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
  return packBatches(oneByOne(entries), options)
}

async function* oneByOne(entries: Iterable<TarEntry> | AsyncIterable<TarEntry>): AsyncGenerator<readonly TarEntry[], void, undefined> {
  for await (const entry of entries) yield [entry]
}

/** The same for entries that come several at a time. */
export function packBatches(batches: AsyncIterable<readonly TarEntry[]>, options: PackEntriesOptions = {}): Readable {
  const { signal } = options
  const stream = readableOf(encodeBatches(batches, options))
  if (signal === undefined) return stream
  const stop = (): void => void stream.destroy(abortError(signal))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return stream.once('close', () => signal.removeEventListener('abort', stop))
}

/** The pieces of such a stream. */
export async function* encodeBatches(
  batches: AsyncIterable<readonly TarEntry[]>,
  options: PackEntriesOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let chunks: Uint8Array[] = []
  let length = 0
  let packed = 0
  const add = (bytes: Uint8Array): void => {
    chunks.push(bytes)
    length += bytes.length
  }
  const take = (): Uint8Array => {
    const bytes = Buffer.concat(chunks, length)
    chunks = []
    length = 0
    return bytes
  }
  const count = (bytes: number): void => {
    packed += bytes
    options.onContent?.(packed)
  }
  for await (const entries of batches) {
    if (options.signal?.aborted === true) throw abortError(options.signal)
    for (const entry of entries) {
      add(encodeHeader(entry))
      if (entry.type === 'file') {
        const { content } = entry
        if (content instanceof Uint8Array) {
          checkSize(entry, content.length)
          add(content)
          count(content.length)
        } else {
          yield take()
          yield* contentOf(entry, content, count)
        }
        add(padding(contentSize(entry)))
      }
      if (length >= chunkSize) yield take()
    }
  }
  add(endOfArchive)
  yield take()
}

async function* contentOf(
  entry: TarFile,
  content: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const expected = contentSize(entry)
  let size = 0
  for await (const chunk of content) {
    if (chunk.length === 0) continue
    size += chunk.length
    if (size > expected) checkSize(entry, size)
    yield chunk
    count(chunk.length)
  }
  checkSize(entry, size)
}

function checkSize(entry: TarFile, size: number): void {
  const expected = contentSize(entry)
  if (size === expected) return
  const name = Buffer.from(entry.name).toString()
  throw new ImagoError(
    'TRANSFER_FAILED',
    `'${name}' has ${size > expected ? 'more' : 'fewer'} than the ${expected} bytes that were announced`,
  )
}
