import type { Stats } from 'node:fs'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Source, TransferProgress } from '@imago/core'
import { abortError, fileSystemError, ImagoError } from '@imago/core'

import type { BytePath } from '../byte-path.ts'
import { below, bytePath, compareBytes, fromBytes, toBytes } from '../byte-path.ts'
import type { AttributeKeeper, Attributes } from './attributes.ts'
import type { Directory } from './directory.ts'
import { contentOf } from './file-content.ts'
import type { Place, Slot } from './resolve.ts'
import { lookUp } from './resolve.ts'
import type { NewFile } from './tree-writer.ts'
import { TreeWriter } from './tree-writer.ts'

/** So many entries are looked at before others get their turn. */
const entriesPerTurn = 64

/** What to copy, where to, and how. */
export interface CopyInOptions {
  readonly source: Source
  /** Path in the root. */
  readonly destination: string
  /** @default those of the source; 0o644 for content */
  readonly mode?: number | undefined
  readonly owner: Pick<Attributes, 'uid' | 'gid'>
  readonly attributes: AttributeKeeper
  /** A directory of this machine that is left out: the one that holds the root, which would be copied into itself. Absolute. */
  readonly leaveOut: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: TransferProgress) => void
}

/**
 * Copies a file, a directory or content into a root. A file replaces a file or a link; a directory's content goes beside what is there,
 * and into the directory that a link in its place points to.
 * @throws ImagoError `INPUT_MISSING`, `TRANSFER_FAILED`; what the file system throws
 */
export async function copyIn(root: Directory, options: CopyInOptions): Promise<void> {
  const copier = new Copier(root, options, await stat(options.leaveOut))
  const { source, destination, mode } = options
  if ('content' in source) {
    const content = Buffer.from(source.content)
    await copier.file(bytePath(destination), { content, mode: mode ?? 0o644, mtime: Date.now() / 1000 }, content.length)
    return
  }
  const { path, stats } = await localSource(source.path)
  if (stats.isDirectory()) await copier.directory(path, stats, bytePath(destination))
  else if (stats.isFile()) await copier.file(bytePath(destination), fileAt(path, stats, mode), stats.size)
  else throw new ImagoError('TRANSFER_FAILED', `'${source.path}' is neither a file nor a directory`)
}

/** The path itself may be a link: whoever chose it meant what it points to. */
async function localSource(path: string): Promise<{ readonly path: Buffer; readonly stats: Stats }> {
  try {
    return { path: Buffer.from(await realpath(path)), stats: await stat(path) }
  } catch (error) {
    throw fileSystemError(error, `cannot upload '${path}'`)
  }
}

type LocalFile = Pick<NewFile, 'content' | 'mode' | 'mtime'>

function fileAt(path: Buffer, stats: Stats, mode: number | undefined): LocalFile {
  return { content: contentOf(path, stats.size), mode: mode ?? stats.mode & 0o7777, mtime: stats.mtimeMs / 1000 }
}

class Copier {
  readonly #root: Directory
  readonly #options: CopyInOptions
  readonly #leaveOut: Stats
  readonly #writer: TreeWriter
  #bytes = 0
  #entries = 0

  constructor(root: Directory, options: CopyInOptions, leaveOut: Stats) {
    this.#root = root
    this.#options = options
    this.#leaveOut = leaveOut
    this.#writer = new TreeWriter(options.attributes, 'keeps directories')
  }

  /** @param total bytes in all, where only this file is copied */
  async file(destination: BytePath, file: LocalFile, total?: number): Promise<void> {
    using place = this.#place(destination, false)
    await this.#write(place, file, total)
  }

  /** Copies a directory's content. */
  async directory(local: Buffer, stats: Stats, destination: BytePath): Promise<void> {
    using place = this.#place(destination, true)
    using directory = this.#writer.directory(place, { ...this.#options.owner, mode: stats.mode & 0o7777 })
    for (const name of readdirSync(local, { encoding: 'buffer' }).map(fromBytes).toSorted(compareBytes)) {
      await this.#takeTurns()
      await this.#child(Buffer.concat([local, slash, toBytes(name)]), { directory, name, at: below(place.at, name) })
    }
  }

  async #child(local: Buffer, slot: Slot): Promise<void> {
    const stats = lstatSync(local)
    if (stats.dev === this.#leaveOut.dev && stats.ino === this.#leaveOut.ino) return
    if (stats.isDirectory()) {
      await this.directory(local, stats, slot.at)
    } else if (stats.isSymbolicLink()) {
      const target = fromBytes(readlinkSync(local, { encoding: 'buffer' }))
      this.#writer.symbolicLink(slot, { ...this.#options.owner, mode: 0o777, target, mtime: stats.mtimeMs / 1000 })
    } else if (stats.isFile()) {
      await this.#write(slot, fileAt(local, stats, this.#options.mode))
    } else {
      throw new ImagoError('TRANSFER_FAILED', `cannot upload '${local.toString()}': it is a socket, a pipe or a device`, {
        hint: 'remove it, or leave it out',
      })
    }
  }

  async #write(slot: Slot, file: LocalFile, total?: number): Promise<void> {
    const { owner, onProgress } = this.#options
    await this.#writer.file(slot, {
      ...owner,
      ...file,
      onWritten: (written) => {
        this.#checkSignal()
        this.#bytes += written
        onProgress({ bytes: this.#bytes, ...(total !== undefined && { total }) })
      },
    })
  }

  #place(destination: BytePath, follow: boolean): Place {
    this.#checkSignal()
    return lookUp(this.#root, destination, { follow, makeDirectory: this.#writer.makeParent })
  }

  async #takeTurns(): Promise<void> {
    if (++this.#entries % entriesPerTurn === 0) await nextTurn()
    this.#checkSignal()
  }

  #checkSignal(): void {
    if (this.#options.signal.aborted) throw abortError(this.#options.signal)
  }
}

const slash = Buffer.from('/')
