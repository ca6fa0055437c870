import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { chmod, chown, lchown, link, lstat, mkdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

import { ImagoError, systemCode } from '@imago/core'

import type { TarDirectory, TarEntry, TarFile } from './entry.ts'
import { placedChunks } from './sparse-format.ts'

const open = promisify(fs.open)
const write = promisify(fs.write)
const fchmod = promisify(fs.fchmod)
const fchown = promisify(fs.fchown)
const ftruncate = promisify(fs.ftruncate)
const futimes = promisify(fs.futimes)
const close = promisify(fs.close)

/** How the target writes. */
export interface UnpackTargetOptions {
  readonly keepOwner: boolean
  readonly onWritten: (bytes: number) => void
}

/** Any of an entry's fields that say who may do what with it. */
type Rights = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime'>

/**
 * A path of this machine that an archive is unpacked to. Paths are parts below it; `[]` is the destination itself. Every part of a
 * path but the last is made sure to be a real directory, and every name comes into being by a rename: nothing is ever written through
 * a link.
 */
export class UnpackTarget {
  readonly #destination: string
  readonly #options: UnpackTargetOptions
  readonly #temporaryPrefix = `.imago-${randomBytes(6).toString('hex')}-`
  #temporaries = 0
  readonly #directories = new Map<string, Promise<boolean>>()
  readonly #unfinished: { readonly path: Buffer; readonly rights: Rights }[] = []

  constructor(destination: string, options: UnpackTargetOptions) {
    this.#destination = destination
    this.#options = options
  }

  /** Makes a directory, or takes the one that is there. Its mode and time follow in {@link finish}. */
  async directory(parts: readonly Buffer[], entry?: TarDirectory): Promise<void> {
    const isNew = await this.#ensure(parts)
    if (entry === undefined || (parts.length === 0 && !isNew)) return
    this.#unfinished.push({ path: this.#path(parts), rights: entry })
  }

  async file(parts: readonly Buffer[], entry: TarFile): Promise<void> {
    await this.#place(parts, async (path) => {
      const descriptor = await open(path, 'wx', 0o600)
      try {
        if (entry.extents !== undefined) await this.#writeParts(descriptor, entry)
        else if (entry.content instanceof Uint8Array) await this.#write(descriptor, entry.content)
        else for await (const chunk of entry.content) await this.#write(descriptor, chunk)
        if (this.#options.keepOwner) await fchown(descriptor, entry.uid, entry.gid)
        await fchmod(descriptor, this.#mode(entry))
        await futimes(descriptor, entry.mtime, entry.mtime)
      } finally {
        await close(descriptor)
      }
    })
  }

  async symbolicLink(parts: readonly Buffer[], target: string | Uint8Array, rights: Rights): Promise<void> {
    await this.#place(parts, async (path) => {
      await symlink(Buffer.from(target), path)
      if (this.#options.keepOwner) await lchown(path, rights.uid, rights.gid)
    })
  }

  async hardLink(parts: readonly Buffer[], target: readonly Buffer[]): Promise<void> {
    await this.#ensure(target.slice(0, -1))
    const path = this.#path(target)
    const found = await lstat(path).catch(() => undefined)
    if (found?.isFile() !== true) {
      throw new ImagoError('TRANSFER_FAILED', `the archive links to '${path.toString()}', which is no file that it holds`)
    }
    await this.#place(parts, (temporary) => link(path, temporary))
  }

  /** Gives the directories their modes and times, the inner ones first: until then, they must be open for what goes into them. */
  async finish(): Promise<void> {
    for (const { path, rights } of this.#unfinished.toReversed()) {
      if (this.#options.keepOwner) await chown(path, rights.uid, rights.gid)
      await chmod(path, this.#mode(rights))
      await utimes(path, rights.mtime, rights.mtime)
    }
  }

  #path(parts: readonly Buffer[]): Buffer {
    return Buffer.concat([Buffer.from(this.#destination), ...parts.flatMap((part) => [slash, part])])
  }

  /** Set-user-id and set-group-id bits would hand the rights of whoever unpacks to everybody; they stay only with the owner. */
  #mode(rights: Rights): number {
    return rights.mode & (this.#options.keepOwner ? 0o7777 : 0o1777)
  }

  /** Writes a file with holes, which are what is not written. */
  async #writeParts(descriptor: number, file: TarFile): Promise<void> {
    await ftruncate(descriptor, file.size)
    for await (const { chunk, offset } of placedChunks(file)) await this.#write(descriptor, chunk, offset)
  }

  async #write(descriptor: number, chunk: Uint8Array, offset?: number): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      const position = offset === undefined ? null : offset + written
      written += (await write(descriptor, chunk, written, chunk.length - written, position)).bytesWritten
    }
    this.#options.onWritten(chunk.length)
  }

  /** Makes something under a temporary name in the right directory, then gives it its name. */
  async #place(parts: readonly Buffer[], make: (temporary: Buffer) => Promise<void>): Promise<void> {
    const parent = parts.slice(0, -1)
    const folder = parts.length === 0 ? Buffer.from(dirname(this.#destination)) : this.#path(parent)
    if (parts.length === 0) await mkdir(folder, { recursive: true })
    else await this.#ensure(parent)
    const temporary = Buffer.concat([folder, slash, Buffer.from(`${this.#temporaryPrefix}${this.#temporaries++}`)])
    try {
      await make(temporary)
      await rename(temporary, this.#path(parts))
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined) // what went wrong first counts
      throw error
    }
  }

  /** Makes sure that these parts are real directories, one in the other. Says whether the last one was not there before. */
  #ensure(parts: readonly Buffer[]): Promise<boolean> {
    const path = this.#path(parts)
    const key = path.toString('latin1')
    const known = this.#directories.get(key)
    if (known !== undefined) return known
    const made = parts.length === 0 ? makeDestination(this.#destination) : this.#ensure(parts.slice(0, -1)).then(() => makeDirectory(path))
    this.#directories.set(key, made)
    return made
  }
}

const slash = Buffer.from('/')

/** The destination may be a link to a directory: whoever chose it meant that directory. */
async function makeDestination(path: string): Promise<boolean> {
  if ((await mkdir(path, { recursive: true })) !== undefined) return true
  if (!(await stat(path)).isDirectory()) throw inTheWay(path)
  return false
}

/** Any other link in a directory's place gives way to a directory, as with GNU tar. */
async function makeDirectory(path: Buffer): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  const found = await lstat(path)
  if (found.isDirectory()) return false
  if (!found.isSymbolicLink()) throw inTheWay(path.toString())
  await rm(path)
  await mkdir(path)
  return true
}

function inTheWay(path: string): ImagoError {
  return new ImagoError('OUTPUT_UNWRITABLE', `'${path}' is no directory`, { hint: 'remove it, or choose another place' })
}
