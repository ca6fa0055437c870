import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readlinkSync } from 'node:fs'
import { chmod, mkdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { TransferProgress } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf } from '@imago/core'

import { below, bytePath, toBytes, toText } from '../byte-path.ts'
import type { AttributeKeeper } from './attributes.ts'
import type { Directory } from './directory.ts'
import { namesIn, openDirectory } from './directory.ts'
import { contentOf, writeContent } from './file-content.ts'
import type { Slot } from './resolve.ts'
import { lookUp, statsAt } from './resolve.ts'

/** What to copy, and where to. */
export interface CopyOutOptions {
  /** Path in the root. */
  readonly source: string
  /** Absolute path of this machine. */
  readonly destination: string
  readonly attributes: AttributeKeeper
  readonly signal: AbortSignal
  readonly onProgress: (progress: TransferProgress) => void
}

/**
 * Copies a file or a directory out of a root. A file comes under a temporary name and is renamed when it is whole; a directory's
 * content goes beside what is there. Owners are not kept, nor are set-user-id bits.
 * @throws ImagoError `INPUT_MISSING`, `TRANSFER_FAILED`, `OUTPUT_UNWRITABLE`, `DISK_FULL`
 */
export async function copyOut(root: Directory, options: CopyOutOptions): Promise<void> {
  const { source, destination } = options
  using place = lookUp(root, bytePath(source), { follow: true })
  if (place?.stats === undefined) throw new ImagoError('INPUT_MISSING', `there is nothing at '${source}' in the root`)
  const copier = new Copier(options)
  try {
    await mkdir(dirname(destination), { recursive: true })
    await copier.entry(place, place.stats, Buffer.from(destination), place.stats.isFile() ? place.stats.size : undefined)
  } catch (error) {
    if (isImagoError(error)) throw error
    const wrapped = fileSystemError(error, `cannot download to '${destination}'`)
    throw wrapped === error
      ? new ImagoError('OUTPUT_UNWRITABLE', `cannot download to '${destination}': ${messageOf(error)}`, { cause: error })
      : wrapped
  }
}

class Copier {
  readonly #options: CopyOutOptions
  #bytes = 0

  constructor(options: CopyOutOptions) {
    this.#options = options
  }

  async entry(slot: Slot, stats: Stats, local: Buffer, total?: number): Promise<void> {
    if (this.#options.signal.aborted) throw abortError(this.#options.signal)
    if (stats.isDirectory()) await this.#directory(slot, stats, local)
    else if (stats.isSymbolicLink()) await this.#link(slot, local)
    else if (stats.isFile()) await this.#file(slot, stats, local, total)
    else throw new ImagoError('TRANSFER_FAILED', `cannot download '/${toText(slot.at)}': it is a socket, a pipe or a device`)
  }

  #modeOf(slot: Slot, stats: Stats): number {
    return this.#options.attributes.of(slot.at, stats).mode & 0o1777
  }

  async #directory(slot: Slot, stats: Stats, local: Buffer): Promise<void> {
    const isNew = await makeDirectory(local)
    using directory = openDirectory(slot.directory.path(slot.name))
    for (const name of namesIn(directory)) {
      const inner = statsAt(directory, name)
      const child = { directory, name, at: below(slot.at, name) }
      if (inner !== undefined) await this.entry(child, inner, Buffer.concat([local, slash, toBytes(name)]))
    }
    if (isNew) await chmod(local, this.#modeOf(slot, stats))
  }

  async #link(slot: Slot, local: Buffer): Promise<void> {
    const target = readlinkSync(slot.directory.path(slot.name), { encoding: 'buffer' })
    await placed(local, (temporary) => symlink(target, temporary))
  }

  async #file(slot: Slot, stats: Stats, local: Buffer, total: number | undefined): Promise<void> {
    const { signal, onProgress } = this.#options
    await placed(local, async (temporary) => {
      await writeContent(temporary, contentOf(slot.directory.path(slot.name), stats.size), {
        onWritten: (written) => {
          if (signal.aborted) throw abortError(signal)
          this.#bytes += written
          onProgress({ bytes: this.#bytes, ...(total !== undefined && { total }) })
        },
        finish: () => undefined,
      })
      await chmod(temporary, this.#modeOf(slot, stats))
      await utimes(temporary, stats.atimeMs / 1000, stats.mtimeMs / 1000)
    })
  }
}

const slash = Buffer.from('/')

/** Says whether the directory is new. A link to a directory will do. */
async function makeDirectory(path: Buffer): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory() === true) return false
  await mkdir(path)
  return true
}

/** Makes something under a temporary name and then gives it its name. */
async function placed(path: Buffer, make: (temporary: Buffer) => Promise<void>): Promise<void> {
  const temporary = Buffer.concat([path.subarray(0, path.lastIndexOf(slash) + 1), Buffer.from(`.imago-${randomBytes(6).toString('hex')}`)])
  try {
    await make(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
