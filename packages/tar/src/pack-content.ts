import type { Readable } from 'node:stream'

import type { TransferProgress } from '@imago/core'

import type { TarDirectory } from './entry.ts'
import { packEntries } from './pack-entries.ts'
import type { TarOwner } from './pack-path.ts'

/** How to pack content. */
export interface PackContentOptions {
  /** Entries of the directories that the file is in, which come first. @default none */
  readonly parents?: readonly TarDirectory[]
  /** @default root: 0 and 0 */
  readonly owner?: TarOwner
  /** Permission bits. @default 0o644 */
  readonly mode?: number
  /** Time of the last change, in seconds since 1970. @default now */
  readonly mtime?: number
  readonly onProgress?: (progress: TransferProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Packs content as an archive of one file.
 * @example packContent('etc/motd', 'Moo.\n', { mode: 0o644 })
 */
export function packContent(name: string, content: string | Uint8Array, options: PackContentOptions = {}): Readable {
  const { onProgress, signal } = options
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const entry = {
    type: 'file' as const,
    name,
    mode: options.mode ?? 0o644,
    uid: options.owner?.uid ?? 0,
    gid: options.owner?.gid ?? 0,
    mtime: options.mtime ?? Math.floor(Date.now() / 1000),
    size: bytes.length,
    content: bytes,
  }
  return packEntries([...(options.parents ?? []), entry], {
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onContent: (done) => onProgress({ bytes: done, total: bytes.length }) }),
  })
}
