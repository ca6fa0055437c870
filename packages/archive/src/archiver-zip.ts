import { once } from 'node:events'
import { Readable } from 'node:stream'

import { ImagoError } from '@imago/core'
import type { Archiver, EntryData } from 'archiver'

import type { ArchiveEntry } from './archive-entry.ts'
import type { Reading } from './read-entry.ts'
import { readEntry } from './read-entry.ts'

/** From here on a zip archive may need 64-bit sizes, for its own headers too. */
const zip64From = 0xf0_00_00_00

/** How to make a zip archive. */
export interface ZipOptions {
  /** zlib's: 0 stores, 1 is fast, 9 is small. */
  readonly level: number
  readonly reading: Reading
}

/**
 * A zip archive of the entries, in their order.
 * @throws ImagoError `UNSUPPORTED` when a file's name cannot stand in one: with a backslash, or as of a drive.
 */
export async function* zipArchive(entries: readonly ArchiveEntry[], options: ZipOptions): AsyncGenerator<Uint8Array, void, void> {
  const { ZipArchive } = await import('archiver')
  const size = entries.reduce((sum, entry) => sum + entry.size, 0)
  const archive = new ZipArchive({ zlib: { level: options.level }, forceZip64: size >= zip64From })
  const unwanted = new AbortController()
  const added = addAll(archive, entries, { reading: options.reading, signal: unwanted.signal }).catch((error: Error) => {
    archive.destroy(error)
  })
  try {
    yield* archive
  } finally {
    unwanted.abort()
    archive.destroy()
    await added
  }
}

interface Adding {
  readonly reading: Reading
  /** Aborted when nobody wants the archive any more. */
  readonly signal: AbortSignal
}

/** One after another, so that only one file is open at a time. */
async function addAll(archive: Archiver, entries: readonly ArchiveEntry[], adding: Adding): Promise<void> {
  for (const entry of entries) await add(archive, entry, adding)
  await archive.finalize()
}

async function add(archive: Archiver, entry: ArchiveEntry, { reading, signal }: Adding): Promise<void> {
  const source = Readable.from(readEntry(entry, reading))
  source.once('error', (error) => archive.destroy(error))
  try {
    const added = once(archive, 'entry', { signal })
    archive.append(source, { name: entry.name, mode: entry.mode, date: new Date(entry.mtimeMs) })
    const [data]: EntryData[] = await added
    if (data?.name !== entry.name) {
      throw new ImagoError('UNSUPPORTED', `'${entry.name}' cannot keep its name in a zip archive: it would become '${data?.name ?? ''}'`, {
        hint: "rename it, or give the output a name that ends in '.tar.gz'",
      })
    }
  } finally {
    source.destroy()
  }
}
