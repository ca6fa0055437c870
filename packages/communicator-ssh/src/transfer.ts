import { readFile, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'

import type { Source, TransferOptions } from '@imago/core'
import { abortError, fileSystemError, ImagoError } from '@imago/core'
import type { TarOwner } from '@imago/tar'
import { packChunks, packContent, packPath } from '@imago/tar'

import type { Link } from './link.ts'
import { resolveOwner } from './owner.ts'
import { downloadOverSftp, uploadOverSftp } from './sftp-transfer.ts'
import type { SmallFile } from './small-upload.ts'
import { smallUpload, uploadSmall } from './small-upload.ts'
import { downloadAsTar, uploadAsTar } from './tar-transfer.ts'
import type { SyncRequest } from './unchanged-files.ts'
import { unchangedFiles } from './unchanged-files.ts'

const none: ReadonlySet<string> = new Set()

/** What goes into the machine: a tar stream, in which a single file has the name that it is asked to have. */
export interface Cargo {
  readonly kind: 'file' | 'directory'
  /** @param name of a file; a directory's content stands at the root */
  pack(name: string, options?: PackingOptions): Readable
  /** The same in pieces, and already under way. */
  load(name: string, options?: PackingOptions): Load
}

/** How to pack a {@link Cargo}. */
export interface PackingOptions {
  /** Leave the holes of files out. @default false */
  readonly sparse?: boolean
}

/** A packed {@link Cargo}. */
export interface Load {
  /** Each is good until the next one is asked for. */
  readonly pieces: AsyncIterable<Uint8Array>
  /** Gives up what has not been read. */
  drop(): void
}

/** The contract of `Communicator.upload`. */
export async function upload(link: Link, source: Source, destination: string, options: TransferOptions): Promise<void> {
  const { signal } = options
  if (signal?.aborted === true) throw abortError(signal)
  const way = await wayOf(link)
  const owner = options.owner === undefined ? await ownUser(link) : await resolveOwner(link, options.owner, signal)
  const target = destination.replace(/(?<=.)\/+$/, '')
  const overShell = link.transfer !== 'sftp' && (await link.facts())?.hasPrintf === true
  const small = overShell ? await smallFile(source, options) : undefined
  if (small !== undefined) {
    await uploadSmall(link, { ...small, ...(options.owner !== undefined && { owner }) }, target, options)
    return
  }
  const kind = await kindOf(source)
  const there =
    options.sync === true && 'path' in source
      ? await filesThere(link, { path: source.path, kind, destination: target, owner, mode: options.mode, signal })
      : none
  if (kind === 'file' && there.size > 0) return
  const cargo = cargoOf(source, kind, owner, there, options)
  if (way === 'tar') await uploadAsTar(link, cargo, target, options)
  else await uploadOverSftp(link, cargo, target, { ...options, keepOwner: options.owner !== undefined })
}

/** The contract of `Communicator.download`. */
export async function download(link: Link, source: string, destination: string, options: TransferOptions): Promise<void> {
  const { signal } = options
  if (signal?.aborted === true) throw abortError(signal)
  const path = source.replace(/(?<=.)\/+$/, '')
  if ((await wayOf(link)) === 'tar') await downloadAsTar(link, path, destination, options)
  else await downloadOverSftp(link, path, destination, options)
}

async function wayOf(link: Link): Promise<'tar' | 'sftp'> {
  if (link.transfer === 'sftp') return 'sftp'
  const facts = await link.facts()
  if (facts?.tar !== undefined) return 'tar'
  if (link.transfer === 'auto') return 'sftp'
  throw new ImagoError('TOOL_MISSING', `${link.connection.target} has no 'tar'`, { hint: "install it there, or set transfer: 'sftp'" })
}

async function ownUser(link: Link): Promise<TarOwner> {
  const facts = await link.facts()
  return { uid: facts?.uid ?? 0, gid: facts?.gid ?? 0 }
}

/** The source, when it is a small file that can be read. What is wrong with it is told by whoever sends it then. */
async function smallFile(source: Source, { mode }: TransferOptions): Promise<SmallFile | undefined> {
  if ('content' in source) {
    const content = Buffer.from(source.content)
    return content.length > smallUpload ? undefined : { content, mode: mode ?? 0o644 }
  }
  try {
    const stats = await stat(source.path)
    if (!stats.isFile() || stats.size > smallUpload) return undefined
    const content = await readFile(source.path)
    return content.length > smallUpload ? undefined : { content, mode: mode ?? stats.mode & 0o7777 }
  } catch {
    return undefined
  }
}

async function kindOf(source: Source): Promise<Cargo['kind']> {
  if ('content' in source) return 'file'
  const stats = await stat(source.path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot upload '${source.path}'`)
  })
  return stats.isDirectory() ? 'directory' : 'file'
}

/** The files that need not be sent, as the machine tells. */
async function filesThere(link: Link, request: SyncRequest): Promise<ReadonlySet<string>> {
  const unchanged = (await link.facts()) === undefined ? undefined : await unchangedFiles(link.connection, request)
  if (unchanged === undefined) {
    const lacks = 'has no program for SHA-256, or no xargs that knows -0'
    link.say('warning', `${link.connection.target} ${lacks}: everything is sent to '${request.destination}'`)
    return none
  }
  link.say('info', `of ${unchanged.of} files for '${request.destination}', ${unchanged.files.size} are there already`)
  return unchanged.files
}

function cargoOf(
  source: Source,
  kind: Cargo['kind'],
  owner: TarOwner,
  there: ReadonlySet<string>,
  { mode, signal, onProgress }: TransferOptions,
): Cargo {
  const common = {
    owner,
    ...(mode !== undefined && { mode }),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  }
  if ('content' in source) {
    const pack = (name: string): Readable => packContent(name, source.content, common)
    return { kind, pack, load: (name) => begin(pack(name)) }
  }
  const include = there.size === 0 ? {} : { include: (below: string): boolean => !there.has(below) }
  const options = (name: string, packing?: PackingOptions) => ({ name: kind === 'file' ? name : '', ...common, ...include, ...packing })
  const pack = (name: string, packing?: PackingOptions): Readable => packPath(source.path, options(name, packing))
  if (kind === 'directory') return { kind, pack, load: (name, packing) => begin(pack(name, packing)) }
  return { kind, pack, load: (name, packing) => inPieces(packChunks(source.path, options(name, packing))) }
}

/** Begins to pack while the machine gets ready. What goes wrong is told when it is read. */
function begin(stream: Readable): Load {
  stream.on('error', () => undefined)
  stream.read(0)
  return { pieces: stream, drop: () => stream.destroy() }
}

/** A large file is read when it is sent, into buffers that are used again. */
function inPieces(chunks: AsyncGenerator<Uint8Array, void, undefined>): Load {
  return { pieces: chunks, drop: () => void chunks.return().catch(() => undefined) } // nobody listens any more
}
