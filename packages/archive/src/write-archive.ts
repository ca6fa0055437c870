import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

import type { ArtifactFile, OutputContext } from '@imago/core'
import { ImagoError, writeOutputFile } from '@imago/core'

import type { ArchiveEntry } from './archive-entry.ts'
import type { ArchiveFormat } from './archive-format.ts'
import { archiveFormats } from './archive-format.ts'
import { zipArchive } from './archiver-zip.ts'
import { BufferPool } from './buffer-pool.ts'
import { gzip } from './gzip.ts'
import type { Parts } from './parts.ts'
import type { Reading } from './read-entry.ts'
import { readEntry } from './read-entry.ts'
import { tarArchive } from './tar-archive.ts'
import { zstd } from './zstd.ts'

/** How to write an archive. */
export interface ArchiveOptions {
  readonly format: ArchiveFormat
  /**
   * How hard to try: 0 (store) to 9 for gzip and zip, as zlib counts; 1 to 22 for zstd.
   * @default 3 for zip, else 2
   */
  readonly level?: number | undefined
  /** How many cores to use, for gzip and zstd. @default all */
  readonly threads?: number | undefined
  /** Told how many bytes more of the entries have been read. */
  readonly onRead?: (bytes: number) => void
}

/**
 * Writes an archive of the entries, in their order, straight from where they are: nothing is copied to another place first, and memory
 * stays flat. In tar they belong to root. The archive gets its name when all of it is on the disk; its digest is known then.
 * @throws ImagoError `UNSUPPORTED` when the format cannot hold the entries, or there is no zstd for this system; `INPUT_MISSING` when a
 * file cannot be read or becomes shorter; `OUTPUT_UNWRITABLE`, also when the archive would replace one of its own entries; `DISK_FULL`,
 * `CANCELLED`, `TIMEOUT`
 * @example await writeArchive('/srv/out/cow.box', [await fileEntry('/srv/out/cow.qcow2', 'box.img')], { format: 'tar.gz' }, ctx)
 */
export async function writeArchive(
  path: string,
  entries: readonly ArchiveEntry[],
  options: ArchiveOptions,
  ctx: OutputContext,
): Promise<Required<ArtifactFile>> {
  checkSingle(entries, options.format)
  await checkOutput(path, entries)
  return await writeOutputFile(path, encode(entries, options), ctx)
}

/** Bytes that are read at once. Blocks of gzip and frames of zstd are as large. */
const chunkSizes: Readonly<Record<ArchiveFormat, number>> = {
  // Each block starts without knowing the one before it: at this size that costs less than 0.1 % of the result.
  'tar.gz': 2 << 20,
  gz: 2 << 20,
  // zstd looks further back, so the same is dearer.
  'tar.zst': 4 << 20,
  zst: 4 << 20,
  tar: 1 << 20,
  zip: 1 << 18,
}

function checkSingle(entries: readonly ArchiveEntry[], format: ArchiveFormat): void {
  if (entries.length === 1 || !archiveFormats[format].single) return
  throw new ImagoError('UNSUPPORTED', `${format} holds a single file, and the artifact has ${entries.length}`, {
    hint: `give the output a name that ends in '.tar.${format}'`,
  })
}

async function checkOutput(path: string, entries: readonly ArchiveEntry[]): Promise<void> {
  const found = await statIfThere(path)
  if (found === undefined) return
  if (found.isDirectory()) throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': it is a directory`)
  const sources = [...new Set(entries.flatMap(({ content }) => (content instanceof Uint8Array ? [] : [content.path])))]
  const stats = await Promise.all(sources.map(statIfThere))
  if (stats.some((source) => source?.ino === found.ino && source.dev === found.dev)) {
    throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': it is one of the files that are to be compressed`, {
      hint: 'give the output another name',
    })
  }
}

/** Whatever else is wrong with it shows when it is used. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined)
}

/** Twice as fast as zstd's own default, 3, and smaller than gzip at any level that is in use. */
const zstdLevel = 2

function encode(entries: readonly ArchiveEntry[], options: ArchiveOptions): AsyncIterable<Parts> {
  const { format, level, threads = availableParallelism(), onRead = () => undefined } = options
  const pool = new BufferPool(chunkSizes[format])
  const reading: Reading = { pool, onRead }
  if (format === 'zip') return asParts(zipArchive(entries, { level: level ?? 3, reading }), pool)
  const [first] = entries
  const contentOf = (entry: ArchiveEntry): AsyncIterable<Uint8Array> => readEntry(entry, reading)
  const content = archiveFormats[format].single && first !== undefined ? contentOf(first) : tarArchive(entries, contentOf)
  if (format === 'tar') return asParts(content, pool)
  if (format === 'tar.zst' || format === 'zst') return zstd(content, { threads, pool, level: level ?? zstdLevel })
  return gzip(content, { threads, pool, level })
}

async function* asParts(chunks: AsyncIterable<Uint8Array>, pool: BufferPool): AsyncGenerator<Parts, void, void> {
  for await (const chunk of chunks) {
    yield [chunk]
    pool.give(chunk)
  }
}
