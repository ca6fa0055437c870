import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'

import { ImagoError, messageOf } from '@imago/core'

/** A file of an archive. */
export interface ArchiveEntry {
  /** Its path in the archive, with `/` between the parts. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  /** Time of the last change, in milliseconds since 1970. */
  readonly mtimeMs: number
  readonly content: FilePart | Uint8Array
}

/** Where on this machine the content of an entry is: `size` bytes of a file, from `start` on. */
export interface FilePart {
  readonly path: string
  /** Bytes from the beginning of the file. */
  readonly start: number
}

/**
 * An entry for a file of this machine, or for what a symbolic link leads to.
 * @throws ImagoError `INPUT_MISSING` when it cannot be found or is not a file
 * @example await fileEntry('/srv/out/cow.qcow2', 'box.img')
 */
export async function fileEntry(path: string, name: string): Promise<ArchiveEntry> {
  const stats = await statFile(path)
  return { name, size: stats.size, mode: stats.mode & 0o7777, mtimeMs: stats.mtimeMs, content: { path, start: 0 } }
}

async function statFile(path: string): Promise<Stats> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (!stats.isFile()) throw new ImagoError('INPUT_MISSING', `'${path}' is not a file`)
  return stats
}

/** The error that says that a file cannot be read, or not to its end. */
export function unreadable(path: string, cause: unknown): ImagoError {
  return new ImagoError('INPUT_MISSING', `'${path}' cannot be read: ${messageOf(cause)}`, { cause })
}
