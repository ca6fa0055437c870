import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'

import pLimit from 'p-limit'

import type { LocalInput } from '../component.ts'
import { abortError, fileSystemError } from '../error.ts'

/** How many files are read at a time. */
const readers = 8

/**
 * The digest of a file or a directory: names, kinds, permission bits, contents and the targets of links; of links that lead out of the
 * directory and are followed also what they lead to. Where it lies, when it was written and whose it is makes no difference.
 * @returns SHA-256 in hexadecimal digits
 * @throws ImagoError `INPUT_MISSING` when it cannot be read.
 */
export async function inputDigest(path: string, { signal, linksOut }: InputDigestOptions): Promise<string> {
  try {
    const room = pLimit(readers)
    const roots = linksOut === 'followed' ? [await realpath(path)] : []
    return await digestOf(Buffer.from(path), await stat(path, { bigint: true }), { signal, roots, read: (work) => room(work) })
  } catch (error) {
    throw fileSystemError(error, `'${path}' cannot be read`)
  }
}

/** What {@link inputDigest} takes beside the path. */
export interface InputDigestOptions extends Required<Pick<LocalInput, 'linksOut'>> {
  readonly signal: AbortSignal
}

interface Reading {
  readonly signal: AbortSignal
  /** The directories whose links out are followed: the input's own, and those that links have led to. */
  readonly roots: readonly string[]
  /** Does the reading of a file when there is room for it. */
  read(work: () => Promise<string>): Promise<string>
}

async function digestOf(path: Buffer, found: BigIntStats, reading: Reading): Promise<string> {
  const mode = (found.mode & 0o7777n).toString(8)
  if (found.isDirectory()) return digest('directory', mode, await membersOf(path, reading))
  if (found.isFile()) return digest('file', mode, await reading.read(() => contentDigest(path, reading.signal)))
  if (found.isSymbolicLink()) return await linkDigest(path, reading)
  return digest('other', mode, String(found.rdev))
}

/** A link counts by its text; one that is followed out of its directory also by what it leads to. */
async function linkDigest(path: Buffer, reading: Reading): Promise<string> {
  const text = (await readlink(path, { encoding: 'buffer' })).toString('latin1')
  const target = reading.roots.length === 0 ? undefined : await realpath(path).catch(() => undefined) // it may lead to nothing
  if (target === undefined || reading.roots.some((root) => target === root || target.startsWith(`${root}${sep}`)))
    return digest('link', '', text)
  const followed = { ...reading, roots: [...reading.roots, target] }
  return digest('link', '', text, await digestOf(Buffer.from(target), await stat(target, { bigint: true }), followed))
}

/** One line a member, in the order of the bytes of their names, which need not be UTF-8. */
async function membersOf(path: Buffer, reading: Reading): Promise<string> {
  const names = (await readdir(path, { encoding: 'buffer' })).toSorted((one, other) => Buffer.compare(one, other))
  const members = names.map(async (name) => {
    const member = Buffer.concat([path, Buffer.from('/'), name])
    return JSON.stringify([name.toString('latin1'), await digestOf(member, await lstat(member, { bigint: true }), reading)])
  })
  return (await Promise.all(members)).join('\n')
}

async function contentDigest(path: Buffer, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  // many files are read at a time: the signal is looked at here instead of being listened to by each of them
  if (signal.aborted) throw abortError(signal)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (signal.aborted) throw abortError(signal)
    hash.update(chunk as Buffer) // no encoding is set
  }
  return hash.digest('hex')
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
