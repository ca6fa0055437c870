import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

import type { FilesArtifact, PostProcessContext } from '@imago/core'
import { formatPath, ImagoError, progressReporter, resolveFacts, writeOutputFile } from '@imago/core'

import type { ArchiveEntry, Reading } from './archive-entry.ts'
import { archiveEntries, readEntry } from './archive-entry.ts'
import type { ArchiveFormat } from './archive-format.ts'
import { archiveFormats, formatOfName } from './archive-format.ts'
import { zipArchive } from './archiver-zip.ts'
import { BufferPool } from './buffer-pool.ts'
import type { CompressOptions } from './compress.ts'
import { formatIssues } from './format-issues.ts'
import { gzip } from './gzip.ts'
import type { Parts } from './parts.ts'
import { tarArchive } from './tar-archive.ts'
import { zstd } from './zstd.ts'

/** Packs the artifact's files as the options say. @throws ImagoError as `compress` says */
export async function pack(input: FilesArtifact, options: CompressOptions, ctx: PostProcessContext): Promise<FilesArtifact> {
  const name = outputName(options, ctx)
  const format = formatOf(name, options)
  const path = resolve(ctx.directory, name)
  const entries = await archiveEntries(input.files)
  checkSingle(entries, format)
  await checkOutput(path, entries)
  const total = entries.reduce((sum, { stats }) => sum + stats.size, 0)
  const pool = new BufferPool(chunkSizes[format])
  const reading = { pool, onRead: progressReporter(`compress ${name}`, ctx.emit, total).add }
  const file = await writeOutputFile(path, encode(format, { entries, reading, options }), ctx)
  return { type: 'files', id: path, files: [file] }
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

function outputName({ output, format = 'tar.gz' }: CompressOptions, { image, build, facts }: PostProcessContext): string {
  return output === undefined ? `${image}-${build}.${format}` : resolveFacts(output, facts)
}

/** The options have been validated, but for a name that comes from the facts. */
function formatOf(name: string, options: CompressOptions): ArchiveFormat {
  const issues = formatIssues({ ...options, output: name })
  const format = options.format ?? formatOfName(name)
  if (issues.length === 0 && format !== undefined) return format
  const problems = issues.map(({ path, message }) => `${formatPath(path)}: ${message}`)
  throw new ImagoError('DEFINITION_INVALID', problems.join('; ') || 'output: must not be empty', { issues })
}

function checkSingle(entries: readonly ArchiveEntry[], format: ArchiveFormat): void {
  if (entries.length === 1 || !archiveFormats[format].single) return
  throw new ImagoError('UNSUPPORTED', `${format} holds a single file, and the artifact has ${entries.length}`, {
    hint: `give the output a name that ends in '.tar.${format}'`,
  })
}

async function checkOutput(path: string, entries: readonly ArchiveEntry[]): Promise<void> {
  const found = await stat(path).catch(() => undefined) // whatever else is wrong with it shows when it is written
  if (found?.isDirectory() === true) throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': it is a directory`)
  if (entries.some(({ stats }) => stats.ino === found?.ino && stats.dev === found.dev)) {
    throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': it is one of the files that are to be compressed`, {
      hint: 'give the output another name',
    })
  }
}

interface Encoding {
  readonly entries: readonly ArchiveEntry[]
  readonly reading: Reading
  readonly options: CompressOptions
}

/** Twice as fast as zstd's own default, 3, and smaller than gzip at any level that is in use. */
const zstdLevel = 2

function encode(format: ArchiveFormat, { entries, reading, options }: Encoding): AsyncIterable<Parts> {
  const { threads = availableParallelism() } = options
  const { pool } = reading
  if (format === 'zip') return asParts(zipArchive(entries, { level: options.level ?? 3, reading }), pool)
  const [first] = entries
  const contentOf = (entry: ArchiveEntry): AsyncIterable<Uint8Array> => readEntry(entry, reading)
  const content = archiveFormats[format].single && first !== undefined ? contentOf(first) : tarArchive(entries, contentOf)
  if (format === 'tar') return asParts(content, pool)
  if (format === 'tar.zst' || format === 'zst') return zstd(content, { threads, pool, level: options.level ?? zstdLevel })
  return gzip(content, { threads, pool, ...(options.level !== undefined && { level: options.level }) })
}

async function* asParts(chunks: AsyncIterable<Uint8Array>, pool: BufferPool): AsyncGenerator<Parts, void, void> {
  for await (const chunk of chunks) {
    yield [chunk]
    pool.give(chunk)
  }
}
