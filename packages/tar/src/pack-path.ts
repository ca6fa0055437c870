import type { Stats } from 'node:fs'
import { readlink, realpath, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'

import type { TransferProgress } from '@imago/core'
import { ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

import type { TarEntry, TarFile } from './entry.ts'
import { readChunks } from './local-file.ts'
import type { LocalNode } from './local-tree.ts'
import { localTree } from './local-tree.ts'
import { packBatches } from './pack-entries.ts'
import { readAhead } from './read-ahead.ts'
import { SmallFiles } from './small-files.ts'

/** Files up to so many bytes are read whole, several at once. */
const smallFile = 64 * 1024
/** How many files are looked at and read at once. */
const batchSize = 32
/** How many batches are under way: one is read while the other one leaves. */
const batchesAtOnce = 2

/** Owner of an entry, in numbers. */
export interface TarOwner {
  readonly uid: number
  readonly gid: number
}

/** How to pack what is on this machine. */
export interface PackPathOptions {
  /**
   * What the file or the directory is called in the archive, relative, parts joined by `/`. With `''` or `'.'` a directory's content
   * stands at the root of the archive, and the directory itself has no entry.
   */
  readonly name: string
  /** Owner of every entry. @default the owners on this machine */
  readonly owner?: TarOwner
  /** Permission bits of every file; directories keep theirs. @default those of the files */
  readonly mode?: number
  /** Time of the last change of every entry, in seconds since 1970. @default the times on this machine */
  readonly mtime?: number
  /** Says of each path below a directory whether it is packed; below a directory that is not, nothing is. @default everything is */
  readonly include?: (below: string) => boolean
  /** Called for each socket, named pipe and device that is left out. @default such a thing is an error */
  readonly onSkip?: (path: string, kind: 'socket' | 'named pipe' | 'device') => void
  /** Called as content leaves; `total` is known for a single file. */
  readonly onProgress?: (progress: TransferProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Packs a file or a directory of this machine as one tar stream: sorted, symbolic links as links (but `path` itself is followed), empty
 * directories, any file name. Many small files are read at once, large ones in chunks; memory stays flat.
 *
 * The stream fails with `INPUT_MISSING` when nothing is at `path`, with `TRANSFER_FAILED` when something cannot be read or changes
 * while it is read, with `CANCELLED` or `TIMEOUT` when the signal says so.
 * @example await engine.putArchive(container, '/', packPath('site', { name: 'srv/site', owner: { uid: 0, gid: 0 } }))
 */
export function packPath(path: string, options: PackPathOptions): Readable {
  const { signal, onProgress } = options
  const total: { bytes?: number } = {}
  return packBatches(
    batchesOf(path, options, (bytes) => (total.bytes = bytes)),
    {
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && {
        onContent: (bytes) => onProgress({ bytes, ...(total.bytes !== undefined && { total: total.bytes }) }),
      }),
    },
  )
}

async function* batchesOf(
  path: string,
  options: PackPathOptions,
  onTotal: (bytes: number) => void,
): AsyncGenerator<readonly TarEntry[], void, undefined> {
  const name = options.name === '.' ? '' : options.name
  const files = new SmallFiles(smallFile)
  try {
    const stats = await stat(path)
    const real = Buffer.from(await realpath(path))
    if (!stats.isDirectory()) {
      if (name === '') throw new ImagoError('INTERNAL', `'${path}' is a file and needs a name in the archive`)
      const entry = stats.isFile() ? await fileEntry(files, real, Buffer.from(name), options) : otherEntry(real, stats, options)
      if (entry !== undefined) onTotal(entry.size)
      if (entry !== undefined) yield [entry]
      return
    }
    const prefix = Buffer.from(name === '' ? '' : `${name}/`)
    if (name !== '') yield [{ ...common(Buffer.from(name), stats, options), type: 'directory' }]
    const readBatch = (nodes: readonly LocalNode[]): Promise<readonly TarEntry[]> =>
      allOf(nodes.map((node) => readNode(files, node, Buffer.concat([prefix, node.below]), options)))
    yield* readAhead(localTree(real, batchSize, options.include), batchesAtOnce, readBatch)
  } catch (error) {
    throw readError(error, path)
  }
}

/** What promises resolve with, without what is not there. Waits for all of them, also when one rejects. */
async function allOf<T>(promises: readonly Promise<T | undefined>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return (await Promise.all(promises)).filter((value) => value !== undefined)
}

async function readNode(files: SmallFiles, node: LocalNode, name: Buffer, options: PackPathOptions): Promise<TarEntry | undefined> {
  if (node.isFile) return await fileEntry(files, node.path, name, options)
  const stats = await files.look(node.path)
  const base = common(name, stats, options)
  if (stats.isDirectory()) return { ...base, type: 'directory' }
  if (stats.isSymbolicLink()) return { ...base, type: 'symlink', linkName: await readlink(node.path, { encoding: 'buffer' }) }
  return otherEntry(node.path, stats, options)
}

async function fileEntry(files: SmallFiles, path: Buffer, name: Buffer, options: PackPathOptions): Promise<TarFile> {
  const { stats, content } = await files.read(path)
  const base = common(name, stats, options)
  return {
    ...base,
    type: 'file',
    mode: options.mode ?? base.mode,
    size: stats.size,
    content: content ?? readChunks({ path, size: stats.size }, options.signal),
  }
}

/** What has no place in an archive: an error, or nothing. */
function otherEntry(path: Buffer, stats: Stats, options: PackPathOptions): undefined {
  const kind = stats.isSocket() ? 'socket' : stats.isFIFO() ? 'named pipe' : 'device'
  if (options.onSkip === undefined) {
    throw new ImagoError('TRANSFER_FAILED', `cannot pack '${path.toString()}': it is a ${kind}`, { hint: 'remove it, or leave it out' })
  }
  options.onSkip(path.toString(), kind)
}

function common(name: Buffer, stats: Stats, options: PackPathOptions): Pick<TarEntry, 'name' | 'mode' | 'uid' | 'gid' | 'mtime'> {
  return {
    name,
    mode: stats.mode & 0o7777,
    uid: options.owner?.uid ?? stats.uid,
    gid: options.owner?.gid ?? stats.gid,
    mtime: options.mtime ?? Math.floor(stats.mtimeMs / 1000),
  }
}

function readError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (isImagoError(error) || code === undefined) return error
  const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path
  if (code === 'ENOENT' && at === path) return new ImagoError('INPUT_MISSING', `there is nothing at '${path}'`, { cause: error })
  if (code === 'ENOENT' || code === 'ELOOP') {
    return new ImagoError('TRANSFER_FAILED', `'${at}' changed while '${path}' was read`, {
      cause: error,
      hint: 'wait until nothing writes there any more',
    })
  }
  return new ImagoError('TRANSFER_FAILED', `cannot read '${at}': ${messageOf(error)}`, { cause: error })
}
