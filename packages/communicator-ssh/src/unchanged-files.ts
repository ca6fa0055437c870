import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, posix, relative, sep } from 'node:path'

import { abortError } from '@imago/core'
import type { TarOwner } from '@imago/tar'

import type { SshConnection } from './connection.ts'
import { Pipeline } from './pipeline.ts'
import type { RemoteFile, RemoteReport } from './remote-digests.ts'
import { remoteDigests } from './remote-digests.ts'

/** How many local files are read at once. */
const filesAtOnce = 8

/** What is to be in the machine. */
export interface SyncRequest {
  /** A file or a directory of this machine. */
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** Where it goes: a file to exactly this path, the content of a directory into it. */
  readonly destination: string
  readonly owner: TarOwner
  /** Permission bits of every file; without, their own. */
  readonly mode: number | undefined
  readonly signal: AbortSignal | undefined
}

/** What need not be sent. */
export interface Unchanged {
  /** Paths below the directory, or the file's name. */
  readonly files: ReadonlySet<string>
  /** Of how many. */
  readonly of: number
}

/**
 * Finds the files that the machine has already: a file of the same content by SHA-256, with the mode and the owner that it is to have,
 * and no link among the directories above it. `undefined` when the machine cannot tell.
 */
export async function unchangedFiles(connection: SshConnection, request: SyncRequest): Promise<Unchanged | undefined> {
  const { destination, kind, signal } = request
  const folder = kind === 'file' ? posix.dirname(destination) : destination
  const local = kind === 'file' ? new Map([[posix.basename(destination), request.path]]) : await localFiles(request.path)
  const names = [...local.keys()].filter(isPlain)
  const found = await remoteDigests(connection, { folder, names: [...parentsOf(names), ...names], ...(signal !== undefined && { signal }) })
  if (found === undefined) return undefined
  const files = new Set<string>()
  const comparing = new Pipeline(filesAtOnce)
  for (const name of names) {
    const there = found.files.get(name)
    const path = local.get(name)
    if (there === undefined || path === undefined || !hasRealParents(name, found)) continue
    await comparing.start(async () => {
      if (await isSame(path, there, request)) files.add(name)
    })
  }
  await comparing.drain()
  return { files, of: local.size }
}

/** Every file below a directory, by its path from there, joined by slashes. Links are not followed. */
async function localFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => [relative(directory, path).split(sep).join('/'), path]))
}

/** Names that every program prints as they are, and that came from bytes that are UTF-8. Others are sent in any case. */
function isPlain(name: string): boolean {
  return !/[\n\\\uFFFD]/.test(name)
}

function parentsOf(names: readonly string[]): ReadonlySet<string> {
  const parents = new Set<string>()
  for (const name of names) {
    for (let parent = posix.dirname(name); parent !== '.' && !parents.has(parent); parent = posix.dirname(parent)) parents.add(parent)
  }
  return parents
}

function hasRealParents(name: string, { directories }: RemoteReport): boolean {
  for (let parent = posix.dirname(name); parent !== '.'; parent = posix.dirname(parent)) {
    if (!directories.has(parent)) return false
  }
  return true
}

async function isSame(path: string, there: RemoteFile, { mode, owner, signal }: SyncRequest): Promise<boolean> {
  try {
    const stats = await stat(path)
    if (stats.size !== there.size || (mode ?? stats.mode & 0o7777) !== there.mode) return false
    if (owner.uid !== there.uid || owner.gid !== there.gid) return false
    const hash = createHash('sha256')
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path, { highWaterMark: 1 << 20, ...(signal !== undefined && { signal }) })
    for await (const chunk of chunks) hash.update(chunk)
    return hash.digest('hex') === there.sha256
  } catch {
    if (signal?.aborted === true) throw abortError(signal)
    return false // what is wrong with it is told by whoever sends it
  }
}
