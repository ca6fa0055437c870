import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'

import type { TransferOptions } from '@imago/core'
import { abortError, ImagoError, readAhead } from '@imago/core'
import type { TarEntry, TarFile } from '@imago/tar'
import { packEntries, placedChunks, readEntries, unpackTo } from '@imago/tar'

import { abortOf } from './own-channel.ts'
import type { Link } from './link.ts'
import { Pipeline } from './pipeline.ts'
import type { SftpSession, SftpStats } from './sftp-session.ts'
import { kindOf } from './sftp-session.ts'
import { transferError } from './transfer-error.ts'
import type { Cargo } from './transfer.ts'

/** Files up to so many bytes are sent several at once. */
const smallFile = 64 * 1024
/** How many of them. */
const filesAtOnce = 32
/** Bytes of one request; every server takes so many. */
const blockSize = 32 * 1024
/** How many requests of one file may wait for their answers. */
const blocksAtOnce = 64

interface SftpUploadOptions extends TransferOptions {
  /** Gives everything the owner that the entries say. */
  readonly keepOwner: boolean
}

/** Sends a file, or the content of a directory, over SFTP: what {@link Cargo} packs is unpacked by requests. */
export async function uploadOverSftp(link: Link, cargo: Cargo, destination: string, options: SftpUploadOptions): Promise<void> {
  const { signal } = options
  const sftp = await link.sftp()
  const abort = abortOf(signal)
  try {
    await Promise.race([unpackOverSftp(sftp, cargo, destination, options), abort.promise])
  } catch (error) {
    throw signal?.aborted === true ? abortError(signal) : error
  } finally {
    abort.stop()
  }
}

async function unpackOverSftp(
  sftp: SftpSession,
  cargo: Cargo,
  destination: string,
  { keepOwner, signal }: SftpUploadOptions,
): Promise<void> {
  const isFile = cargo.kind === 'file'
  await sftp.makeDirectory(isFile ? posix.dirname(destination) : destination)
  const found = isFile ? await sftp.stat(destination) : undefined
  if (found !== undefined && kindOf(found) === 'directory') {
    throw new ImagoError('TRANSFER_FAILED', `cannot upload to '${destination}': it is a directory`)
  }
  const directories: { readonly path: string; readonly entry: TarEntry }[] = []
  const small = new Pipeline(filesAtOnce)
  for await (const entry of readEntries(cargo.pack('file', { sparse: true }), { sparse: true, ...(signal !== undefined && { signal }) })) {
    const path = isFile ? destination : `${destination}/${Buffer.from(entry.name).toString('utf8').replace(/\/$/, '')}`
    if (entry.type === 'directory') {
      await sftp.makeDirectory(path)
      directories.push({ path, entry })
    } else if (entry.type === 'symlink') {
      const { uid, gid, linkName } = entry
      await sftp.link(Buffer.from(linkName).toString('utf8'), path, keepOwner ? { uid, gid } : undefined)
    } else if (entry.type === 'file' && entry.size <= smallFile) {
      const content = await whole(entry)
      await small.start(() => sendFile(sftp, path, { ...entry, content }, keepOwner))
    } else if (entry.type === 'file') {
      await sendFile(sftp, path, entry, keepOwner)
    }
  }
  await small.drain()
  for (const { path, entry } of directories.toReversed()) await sftp.set(path, attributesOf(entry, keepOwner))
}

/** Sends a file under a temporary name, with many blocks under way, and renames it. */
async function sendFile(sftp: SftpSession, path: string, file: TarFile, keepOwner: boolean): Promise<void> {
  const temporary = posix.join(posix.dirname(path), `.imago-${randomBytes(6).toString('hex')}`)
  const handle = await sftp.open(temporary, 'w', 0o600)
  try {
    const blocks = new Pipeline(blocksAtOnce)
    for await (const { chunk, offset } of placedChunks(file)) {
      for (let at = 0; at < chunk.length; at += blockSize) {
        const block = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(blockSize, chunk.length - at))
        await blocks.start(() => sftp.write(handle, block, offset + at))
      }
    }
    await blocks.drain()
    if (file.extents !== undefined) await sftp.setOpen(handle, { size: file.size })
    await blocks.start(() => sftp.setOpen(handle, attributesOf(file, keepOwner)))
    await blocks.start(() => sftp.close(handle))
    await blocks.drain()
    await sftp.replace(temporary, path)
  } catch (error) {
    const isFull = await sftp.hasNoSpace(posix.dirname(path))
    await sftp.remove(temporary).catch(() => undefined) // the error that brought us here says more
    if (isFull) throw transferError(`cannot upload to '${path}'`, 'no space left on the disk', undefined)
    throw error
  }
}

function attributesOf({ mode, uid, gid, mtime }: TarEntry, keepOwner: boolean): object {
  return { mode, atime: mtime, mtime, ...(keepOwner && { uid, gid }) }
}

async function whole(file: TarFile): Promise<Uint8Array> {
  if (file.content instanceof Uint8Array) return file.content
  const chunks: Uint8Array[] = []
  for await (const chunk of file.content) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

/** Brings a file, or the content of a directory, over SFTP: what the server lists is packed, and unpacked here. */
export async function downloadOverSftp(link: Link, source: string, destination: string, options: TransferOptions): Promise<void> {
  const { signal, onProgress } = options
  const sftp = await link.sftp()
  const stats = await sftp.stat(source)
  if (stats === undefined) throw new ImagoError('INPUT_MISSING', `there is nothing at '${source}' in the machine`)
  const kind = kindOf(stats)
  if (kind === 'other') throw new ImagoError('TRANSFER_FAILED', `cannot download '${source}': it is neither a file nor a directory`)
  const entries = kind === 'directory' ? directoryEntries(sftp, source) : toFileEntry(sftp, source, 'file', stats)
  await unpackTo(packEntries(entries, { ...(signal !== undefined && { signal }) }), destination, {
    ...(kind === 'file' && { stripName: 'file' }),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && {
      onProgress: ({ bytes }) => onProgress({ bytes, ...(kind === 'file' && { total: stats.size }) }),
    }),
  })
}

interface Listed {
  readonly path: string
  readonly name: string
  readonly stats: SftpStats
}

async function* toFileEntry(sftp: SftpSession, path: string, name: string, stats: SftpStats): AsyncGenerator<TarEntry, void, undefined> {
  yield await toEntry(sftp, { path, name, stats })
}

function directoryEntries(sftp: SftpSession, folder: string): AsyncGenerator<TarEntry, void, undefined> {
  return readAhead(walk(sftp, folder, ''), filesAtOnce, (listed) => toEntry(sftp, listed))
}

async function* walk(sftp: SftpSession, folder: string, prefix: string): AsyncGenerator<Listed, void, undefined> {
  for (const { name, stats } of await sftp.list(folder)) {
    const listed = { path: `${folder}/${name}`, name: `${prefix}${name}`, stats }
    yield listed
    if (kindOf(stats) === 'directory') yield* walk(sftp, listed.path, `${listed.name}/`)
  }
}

async function toEntry(sftp: SftpSession, { path, name, stats }: Listed): Promise<TarEntry> {
  const base = { name, mode: stats.mode & 0o7777, uid: 0, gid: 0, mtime: stats.mtime }
  const kind = kindOf(stats)
  if (kind === 'directory') return { ...base, type: 'directory' }
  if (kind === 'symlink') return { ...base, type: 'symlink', linkName: await sftp.readLink(path) }
  if (kind === 'other') {
    throw new ImagoError('TRANSFER_FAILED', `cannot download '${path}': it is neither a file, a directory nor a link`)
  }
  const { size } = stats
  return { ...base, type: 'file', size, content: size <= smallFile ? await readWhole(sftp, path, size) : readBlocks(sftp, path, size) }
}

async function readWhole(sftp: SftpSession, path: string, size: number): Promise<Uint8Array> {
  const handle = await sftp.open(path, 'r', 0)
  try {
    return size === 0 ? new Uint8Array() : await sftp.read(handle, 0, size)
  } finally {
    await sftp.close(handle)
  }
}

async function* readBlocks(sftp: SftpSession, path: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await sftp.open(path, 'r', 0)
  try {
    yield* readAhead(starts(size), blocksAtOnce, (start) => sftp.read(handle, start, Math.min(blockSize, size - start)))
  } finally {
    await sftp.close(handle)
  }
}

async function* starts(size: number): AsyncGenerator<number, void, undefined> {
  for (let start = 0; start < size; start += blockSize) yield start
}
