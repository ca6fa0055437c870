import { resolve } from 'node:path'
import type { Readable } from 'node:stream'

import type { TransferProgress } from '@imago/core'
import { fileSystemError, ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

import type { TarEntry, TarFile, TarNode } from './entry.ts'
import { below, entryPath } from './entry-path.ts'
import { InFlight } from './in-flight.ts'
import { readEntries } from './tar-stream.ts'
import { UnpackTarget } from './unpack-target.ts'

/** Files up to so many bytes are written several at once. */
const smallFile = 64 * 1024
/** How many files are written at once. */
const concurrency = 32

/** How to unpack. */
export interface UnpackOptions {
  /**
   * The entry that becomes the destination, whatever that is called; all others are expected below it. With `''` the archive's root
   * becomes it, and the destination is a directory.
   * @default ''
   */
  readonly stripName?: string
  /** Gives everything its owner, and keeps set-user-id and set-group-id bits. Needs root. @default false */
  readonly keepOwner?: boolean
  /** Called for each device and named pipe that is left out. @default such a thing is an error */
  readonly onSkip?: (name: string, kind: 'device' | 'named pipe') => void
  /** Called as content is written. */
  readonly onProgress?: (progress: TransferProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Unpacks a tar stream to exactly `destination`; parents are made. A file comes under a temporary name and is renamed when it is whole;
 * a directory's content goes beside what is there. Modes, times, symbolic and hard links are kept. Whatever the archive says, nothing
 * outside the destination is written.
 *
 * Throws `TRANSFER_FAILED` for a broken archive and for entries that lead outside, `DISK_FULL`, `OUTPUT_UNWRITABLE`, and `CANCELLED`
 * or `TIMEOUT` when the signal says so. Of a directory, what was unpacked until then stays; of a file, nothing does.
 * @example await unpackTo(await engine.getArchive(container, '/srv/site'), 'out/site', { stripName: 'site' })
 */
export async function unpackTo(stream: Readable, destination: string, options: UnpackOptions = {}): Promise<void> {
  const { stripName = '', keepOwner = false, onProgress, signal } = options
  if (keepOwner && process.getuid?.() !== 0) throw new ImagoError('UNSUPPORTED', 'only root can keep the owners of what it unpacks')
  let bytes = 0
  const onWritten = (written: number): void => onProgress?.({ bytes: (bytes += written) })
  const target = new UnpackTarget(resolve(destination), { keepOwner, onWritten })
  const root = entryPath(stripName)
  const smallFiles = new InFlight(concurrency)
  let isEmpty = true
  try {
    for await (const entry of readEntries(stream, { sparse: true, ...(signal !== undefined && { signal }) })) {
      isEmpty = false
      const parts = pathBelow(root, entry.name)
      if (entry.type === 'file' && entry.size <= smallFile) {
        const file = { ...entry, content: await readContent(entry) }
        await smallFiles.start(parts.join('/'), () => target.file(parts, file))
      } else {
        if (entry.type !== 'directory') await smallFiles.drain()
        await unpackEntry(entry, parts, root, target, options)
      }
    }
    if (isEmpty && root.length > 0) throw new ImagoError('TRANSFER_FAILED', `the archive holds no '${stripName}'`)
    if (isEmpty) await target.directory([])
    await smallFiles.drain()
    await target.finish()
  } catch (error) {
    await smallFiles.drain().catch(() => undefined) // it failed already
    throw writeError(error, destination)
  }
}

async function readContent(entry: TarFile): Promise<Uint8Array> {
  if (entry.content instanceof Uint8Array) return entry.content
  const chunks: Uint8Array[] = []
  for await (const chunk of entry.content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function unpackEntry(
  entry: TarEntry,
  parts: readonly Buffer[],
  root: readonly Buffer[],
  target: UnpackTarget,
  options: UnpackOptions,
): Promise<void> {
  switch (entry.type) {
    case 'directory':
      return target.directory(parts, entry)
    case 'file':
      return target.file(parts, entry)
    case 'symlink':
      return target.symbolicLink(parts, entry.linkName, entry)
    case 'hardlink':
      return target.hardLink(parts, pathBelow(root, entry.linkName))
    case 'fifo':
    case 'block-device':
    case 'character-device':
      return skip(entry, options)
  }
}

function pathBelow(root: readonly Buffer[], name: string | Uint8Array): Buffer[] {
  const parts = below(root, entryPath(name))
  if (parts !== undefined) return parts
  throw new ImagoError('TRANSFER_FAILED', `the archive holds '${Buffer.from(name).toString()}', which is not below '${root.join('/')}'`)
}

function skip(entry: TarNode, options: UnpackOptions): void {
  const name = Buffer.from(entry.name).toString()
  const kind = entry.type === 'fifo' ? 'named pipe' : 'device'
  if (options.onSkip !== undefined) return options.onSkip(name, kind)
  throw new ImagoError('TRANSFER_FAILED', `cannot unpack '${name}': it is a ${kind}`, { hint: 'leave it out' })
}

function writeError(error: unknown, destination: string): unknown {
  if (isImagoError(error) || systemCode(error) === undefined) return error
  const wrapped = fileSystemError(error, `cannot unpack to '${destination}'`)
  if (wrapped !== error) return wrapped
  return new ImagoError('OUTPUT_UNWRITABLE', `cannot unpack to '${destination}': ${messageOf(error)}`, { cause: error })
}
