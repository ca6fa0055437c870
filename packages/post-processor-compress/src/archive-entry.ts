import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'

import type { ArtifactFile } from '@imago/core'
import { ImagoError, messageOf } from '@imago/core'

import type { BufferPool } from './buffer-pool.ts'

/** A file to be packed. */
export interface ArchiveEntry {
  /** Its path in the archive, with `/` between the parts. */
  readonly name: string
  /** Its path on this machine. */
  readonly path: string
  readonly stats: Stats
}

/** How entries are read. */
export interface Reading {
  readonly pool: BufferPool
  /** Told how many bytes more have been read. */
  readonly onRead: (bytes: number) => void
}

/**
 * The entries for an artifact's files, sorted by name. Names are relative to the folder that all files have in common; a single file is
 * named by its base name.
 * @throws ImagoError `INPUT_MISSING` when there are no files, or one of them cannot be found or is not a file.
 */
export async function archiveEntries(files: readonly ArtifactFile[]): Promise<ArchiveEntry[]> {
  const paths = [...new Set(files.map(({ path }) => path))]
  if (paths.length === 0) {
    throw new ImagoError('INPUT_MISSING', 'the artifact has no files, so there is nothing to compress', {
      hint: 'check what the step before this one makes',
    })
  }
  const folder = commonFolder(paths)
  const entries = await Promise.all(
    paths.map(async (path) => ({ name: relative(folder, path).split(sep).join('/'), path, stats: await statFile(path) })),
  )
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The content of an entry: exactly as many bytes as `stats` says, also when the file grows meanwhile. One chunk is read ahead; large
 * chunks are the pool's.
 * @throws ImagoError `INPUT_MISSING` when the file cannot be read or has become shorter.
 */
export async function* readEntry({ path, stats }: ArchiveEntry, { pool, onRead }: Reading): AsyncGenerator<Uint8Array, void, void> {
  if (stats.size === 0) return
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  let left = stats.size
  let ahead = readChunk(file, left, pool)
  try {
    while (left > 0) {
      const chunk = await ahead
      if (chunk.length === 0) throw new Error(`it became ${left} bytes shorter while it was read`)
      left -= chunk.length
      if (left > 0) ahead = readChunk(file, left, pool)
      onRead(chunk.length)
      yield chunk
    }
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    await Promise.allSettled([ahead])
    await file.close()
  }
}

async function readChunk(file: FileHandle, limit: number, pool: BufferPool): Promise<Uint8Array> {
  const buffer = limit < pool.size ? Buffer.allocUnsafeSlow(limit) : pool.take()
  const { bytesRead } = await file.read(buffer)
  return buffer.subarray(0, bytesRead)
}

function commonFolder(paths: readonly string[]): string {
  const [first = '', ...rest] = paths.map((path) => dirname(path))
  let folder = first
  while (rest.some((path) => path !== folder && !path.startsWith(folder.endsWith(sep) ? folder : folder + sep))) folder = dirname(folder)
  return folder
}

async function statFile(path: string): Promise<Stats> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (!stats.isFile()) throw new ImagoError('INPUT_MISSING', `'${path}' is not a file`)
  return stats
}

function unreadable(path: string, cause: unknown): ImagoError {
  return new ImagoError('INPUT_MISSING', `'${path}' cannot be read: ${messageOf(cause)}`, { cause })
}
