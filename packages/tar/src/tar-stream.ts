import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { abortError, ImagoError, isImagoError, messageOf } from '@imago/core'
import type { Header } from 'tar-stream'

import type { TarEntry, TarFile } from './entry.ts'
import { readSparseMap } from './sparse-format.ts'

/** How to read an archive. */
export interface ReadEntriesOptions {
  /** Reads files with holes, in GNU's format 1.0, as files with `extents`. @default such a file is an error */
  readonly sparse?: boolean
  /** Ends the iteration with `CANCELLED` or `TIMEOUT`. */
  readonly signal?: AbortSignal
}

/**
 * Reads a tar stream (ustar, pax, GNU) entry by entry. A file's `content` is read whole before the next entry is
 * asked for, or not at all. Names are strings, or bytes where they are not UTF-8. Leaving the loop destroys the stream.
 *
 * Throws `TRANSFER_FAILED` for what is no tar archive, ends early, or holds a kind of entry that nobody knows, and when the stream
 * fails, unless with an error of ours; `CANCELLED` or `TIMEOUT` when the signal says so.
 */
export async function* readEntries(stream: Readable, options: ReadEntriesOptions = {}): AsyncGenerator<TarEntry, void, undefined> {
  const { signal } = options
  const parser = await openParser()
  const source: { error?: unknown } = {}
  stream.once('error', (error) => (source.error = error))
  const piping = pipeline(stream, parser, { ...(signal !== undefined && { signal }) })
  piping.catch(() => undefined) // awaited below, unless the reader leaves early
  const ourError = (error: unknown): unknown => {
    if (signal?.aborted === true) return abortError(signal)
    const cause = source.error ?? error
    if (isImagoError(cause)) return cause
    return new ImagoError('TRANSFER_FAILED', `cannot read the archive: ${messageOf(cause)}`, { cause })
  }
  try {
    for await (const entry of parser) {
      const read = toEntry(entry.header, withErrors(entry, ourError))
      yield isSparse(entry.header) && read.type === 'file' ? await toSparse(read, entry.header, options) : read
      entry.resume()
    }
    await piping
  } catch (error) {
    throw ourError(error)
  } finally {
    parser.destroy()
    stream.destroy()
  }
}

async function* withErrors(
  content: AsyncIterable<Uint8Array>,
  ourError: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* content
  } catch (error) {
    throw ourError(error)
  }
}

/** What the library's parser is; its types leave out the iteration of an entry's content, unknown kinds and pax records. */
interface Parser extends NodeJS.WritableStream, AsyncIterable<ParsedEntry> {
  destroy(): void
}
interface ParsedEntry extends AsyncIterable<Uint8Array> {
  readonly header: ParsedHeader
  resume(): void
}
interface ParsedHeader extends Omit<Partial<Header>, 'name' | 'type' | 'pax'> {
  readonly name: string
  readonly type: Header['type'] | null
  readonly pax: Readonly<Record<string, string>> | null
}

async function openParser(): Promise<Parser> {
  const { extract } = await import('tar-stream')
  // Names come as latin1, byte for byte, because not every name is UTF-8. Formats from before POSIX have no
  // name, but the same checksum. The types know neither of these options nor the rest of Parser.
  const options: object = { filenameEncoding: 'latin1', allowUnknownFormat: true }
  return extract(options) as unknown as Parser
}

function toEntry(header: ParsedHeader, content: AsyncIterable<Uint8Array>): TarEntry {
  const pax = header.pax ?? {}
  const name = nameOf(pax['path'], header.name)
  const base = {
    name,
    mode: header.mode ?? 0,
    uid: Number(pax['uid'] ?? header.uid ?? 0),
    gid: Number(pax['gid'] ?? header.gid ?? 0),
    mtime: Math.floor(Number(pax['mtime'] ?? (header.mtime?.getTime() ?? 0) / 1000)),
  }
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return { ...base, type: 'file', size: header.size ?? 0, content }
    case 'directory':
      return { ...base, type: 'directory' }
    case 'symlink':
      return { ...base, type: 'symlink', linkName: nameOf(pax['linkpath'], header.linkname ?? '') }
    case 'link':
      return { ...base, type: 'hardlink', linkName: nameOf(pax['linkpath'], header.linkname ?? '') }
    case 'character-device':
    case 'block-device':
    case 'fifo':
      return { ...base, type: header.type, major: header.devmajor ?? 0, minor: header.devminor ?? 0 }
    default:
      throw new ImagoError('TRANSFER_FAILED', `cannot read the archive: '${name.toString()}' is an entry of an unknown kind`)
  }
}

function isSparse({ pax }: ParsedHeader): boolean {
  return Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))
}

/** A file with holes, of which the parser knows but what is stored. */
async function toSparse(stored: TarFile, { pax }: ParsedHeader, { sparse = false }: ReadEntriesOptions): Promise<TarFile> {
  const name = nameOf(pax?.['GNU.sparse.name'], '')
  const size = Number(pax?.['GNU.sparse.realsize'])
  const isKnown = pax?.['GNU.sparse.major'] === '1' && pax['GNU.sparse.minor'] === '0' && Number.isSafeInteger(size) && name.length > 0
  if (!sparse || !isKnown || stored.content instanceof Uint8Array) {
    throw new ImagoError('TRANSFER_FAILED', `cannot read the archive: '${name.toString()}' is a file with holes`, {
      hint: "make the archive without tar's option --sparse",
    })
  }
  return { ...stored, name, size, ...(await readSparseMap(stored.content, stored.size, size)) }
}

/** A name from a pax record, which is UTF-8, or from the header, which is any bytes. */
function nameOf(record: string | undefined, field: string): string | Uint8Array {
  if (record !== undefined) {
    if (!record.includes('\uFFFD')) return record
    throw new ImagoError('TRANSFER_FAILED', `cannot read the archive: the file name '${record}' is not UTF-8`, {
      hint: 'rename the file, or leave it out',
    })
  }
  const bytes = Buffer.from(field, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : bytes
}
