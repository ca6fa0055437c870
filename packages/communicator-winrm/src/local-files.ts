import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Source } from '@imago/core'
import { abortError, fileSystemError, ImagoError } from '@imago/core'

/** What is sent: a directory, or a file. */
export interface LocalEntry {
  /** Its parts below the source; none for the source itself. */
  readonly parts: readonly string[]
  /** Not there for a directory. */
  readonly content?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** What to send of this machine. */
export interface LocalFiles {
  /** Bytes of the content, where they are known. */
  readonly total?: number
  readonly entries: Iterable<LocalEntry> | AsyncIterable<LocalEntry>
}

/**
 * The files of a source, each directory before what is in it, sorted by name. Symbolic links are followed: Windows has others, which few
 * users may make.
 * @param chunkBytes how much of a file is read at once
 * @throws ImagoError `INPUT_MISSING` when there is nothing
 */
export async function localFiles(source: Source, chunkBytes: number, signal: AbortSignal): Promise<LocalFiles> {
  if ('content' in source) {
    const bytes = typeof source.content === 'string' ? Buffer.from(source.content) : source.content
    return { total: bytes.length, entries: [{ parts: [], content: slices(bytes, chunkBytes) }] }
  }
  const stats = await stat(source.path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot upload '${source.path}'`)
  })
  if (stats.isDirectory()) return { entries: walk(source.path, { parts: [], above: [], chunkBytes, signal }) }
  if (!stats.isFile()) throw new ImagoError('TRANSFER_FAILED', `cannot upload '${source.path}': it is neither a file nor a directory`)
  return { total: stats.size, entries: [{ parts: [], content: fileContent(source.path, chunkBytes, signal) }] }
}

interface Walk {
  readonly parts: readonly string[]
  /** The real paths of the directories that this one is in. */
  readonly above: readonly string[]
  readonly chunkBytes: number
  readonly signal: AbortSignal
}

async function* walk(path: string, { parts, above, chunkBytes, signal }: Walk): AsyncGenerator<LocalEntry, void, undefined> {
  if (signal.aborted) throw abortError(signal)
  const what = `cannot upload '${path}'`
  const [real, names] = await Promise.all([realpath(path), readdir(path)]).catch((error: unknown) => {
    throw fileSystemError(error, what)
  })
  if (above.includes(real)) {
    throw new ImagoError('TRANSFER_FAILED', `${what}: its symbolic link leads to a directory that it is in`, {
      hint: 'links are followed on their way to Windows: leave this one out',
    })
  }
  yield { parts }
  for (const name of names.toSorted()) {
    const child = join(path, name)
    const stats = await stat(child).catch((error: unknown) => {
      throw fileSystemError(error, `cannot upload '${child}'`)
    })
    const below = [...parts, name]
    if (stats.isDirectory()) yield* walk(child, { parts: below, above: [...above, real], chunkBytes, signal })
    else if (stats.isFile()) yield { parts: below, content: fileContent(child, chunkBytes, signal) }
    else throw new ImagoError('TRANSFER_FAILED', `cannot upload '${child}': it is neither a file nor a directory`)
  }
}

async function* fileContent(path: string, chunkBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, signal })) yield chunk as Buffer // no encoding is set
  } catch (error) {
    throw signal.aborted ? abortError(signal) : fileSystemError(error, `cannot upload '${path}'`)
  }
}

function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
