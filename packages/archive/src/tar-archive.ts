import { on } from 'node:events'

import { packEntries } from '@imago/tar'
import type { TarFile } from '@imago/tar'

import type { ArchiveEntry } from './archive-entry.ts'

/**
 * A tar archive of the entries, in their order, with as many bytes as their sizes say for each. They belong to root. Chunks of content are handed on as they come.
 */
export async function* tarArchive(
  entries: readonly ArchiveEntry[],
  contentOf: (entry: ArchiveEntry) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = packEntries(entries.map((entry) => tarFile(entry, contentOf(entry))))
  try {
    // Not the stream's own iterator, which joins chunks as they happen to arrive: equal files shall make equal archives.
    for await (const [chunk] of on(stream, 'data', { close: ['end'], highWaterMark: 1 })) yield chunk
  } finally {
    stream.destroy()
  }
}

function tarFile({ name, mode, mtimeMs, size }: ArchiveEntry, content: AsyncIterable<Uint8Array>): TarFile {
  return {
    type: 'file',
    name,
    mode,
    uid: 0,
    gid: 0,
    mtime: Math.floor(mtimeMs / 1000),
    size,
    content,
  }
}
