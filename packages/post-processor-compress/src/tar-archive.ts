import { on } from 'node:events'

import { packEntries } from '@imago/tar'
import type { TarFile } from '@imago/tar'

import type { ArchiveEntry, Reading } from './archive-entry.ts'
import { readEntry } from './archive-entry.ts'

/** A tar archive of the entries, in their order. They belong to root; modes and times are those of the files. */
export async function* tarArchive(entries: readonly ArchiveEntry[], reading: Reading): AsyncGenerator<Uint8Array, void, void> {
  const stream = packEntries(entries.map((entry) => tarFile(entry, reading)))
  try {
    // Not the stream's own iterator, which joins chunks as they happen to arrive: equal files shall make equal archives.
    for await (const [chunk] of on(stream, 'data', { close: ['end'], highWaterMark: 1 })) yield chunk
  } finally {
    stream.destroy()
  }
}

function tarFile(entry: ArchiveEntry, reading: Reading): TarFile {
  const { name, stats } = entry
  return {
    type: 'file',
    name,
    mode: stats.mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
    size: stats.size,
    content: readEntry(entry, reading),
  }
}
