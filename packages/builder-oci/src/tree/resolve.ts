import type { Stats } from 'node:fs'
import { lstatSync, readlinkSync, statSync } from 'node:fs'

import { ImagoError, systemCode } from '@imago/core'

import type { BytePath } from '../byte-path.ts'
import { below, fromBytes, namesOf, rootPath, toText } from '../byte-path.ts'
import type { Directory } from './directory.ts'
import { openDirectory } from './directory.ts'

/** As many as Linux follows, see path_resolution(7). */
const maxLinks = 40

/** A name in an open directory of a root. */
export interface Slot {
  readonly directory: Directory
  /** `''` for the directory itself. */
  readonly name: BytePath
  /** Where it is in the root: the path without links. */
  readonly at: BytePath
}

/** What a look-up finds, without ever leaving the root. */
export interface Place extends Slot, Disposable {
  /** What stands there; a link is not followed. */
  readonly stats: Stats | undefined
  /** The path by which the system finds it. */
  path(): Buffer
}

/** How to look something up. */
export interface LookUpOptions {
  /** Follow a link at the end, too. @default false */
  readonly follow?: boolean
  /** Makes a directory on the way that is missing, and opens it. @default the result is `undefined` */
  readonly makeDirectory?: (slot: Slot) => Directory
}

/**
 * Finds a path in a root, as a process that has this root would: absolute links start at the root, and `..` does not lead above it.
 * Each directory is opened from the one before it and without following links, so that the result is inside the root even when
 * somebody moves things meanwhile.
 * @returns `undefined` when a parent is missing
 * @throws ImagoError `TRANSFER_FAILED` when a parent is no directory, and for loops of links
 */
export function lookUp(root: Directory, path: BytePath, options: LookUpOptions & Required<Pick<LookUpOptions, 'makeDirectory'>>): Place
export function lookUp(root: Directory, path: BytePath, options?: LookUpOptions): Place | undefined
export function lookUp(root: Directory, path: BytePath, options: LookUpOptions = {}): Place | undefined {
  const walk = new Walk(root)
  try {
    const names = namesOf(path)
    let links = 0
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (name === '..') {
        walk.leave()
        continue
      }
      const stats = statsAt(walk.directory, name)
      const isLast = names.length === 0
      if (stats?.isSymbolicLink() === true && (!isLast || options.follow === true)) {
        if (++links > maxLinks) throw new ImagoError('TRANSFER_FAILED', `'${toText(path)}' leads through a loop of links`)
        const target = fromBytes(readlinkSync(walk.directory.path(name), { encoding: 'buffer' }))
        if (target.startsWith('/')) walk.restart()
        names.unshift(...namesOf(target))
      } else if (isLast) {
        return walk.take(name, stats)
      } else if (stats !== undefined || options.makeDirectory !== undefined) {
        walk.enter(name, stats === undefined ? options.makeDirectory : undefined)
      } else {
        return undefined
      }
    }
    return walk.take(rootPath, statSync(walk.directory.path()))
  } finally {
    walk.close()
  }
}

/** What stands at a name of a directory, or `undefined`. */
export function statsAt(directory: Directory, name: BytePath): Stats | undefined {
  return lstatSync(directory.path(name), { throwIfNoEntry: false })
}

/** The directories from the root to where a look-up has come. */
class Walk {
  readonly #root: Directory
  #open: { readonly directory: Directory; readonly at: BytePath }[] = []

  constructor(root: Directory) {
    this.#root = root
  }

  get directory(): Directory {
    return this.#open.at(-1)?.directory ?? this.#root
  }

  get at(): BytePath {
    return this.#open.at(-1)?.at ?? rootPath
  }

  enter(name: BytePath, make: LookUpOptions['makeDirectory']): void {
    const { directory } = this
    const at = below(this.at, name)
    try {
      this.#open.push({ directory: make?.({ directory, name, at }) ?? openDirectory(directory.path(name)), at })
    } catch (error) {
      if (systemCode(error) !== 'ENOTDIR' && systemCode(error) !== 'ELOOP') throw error
      throw new ImagoError('TRANSFER_FAILED', `'/${toText(at)}' is no directory`, { cause: error })
    }
  }

  leave(): void {
    this.#open.pop()?.directory[Symbol.dispose]()
  }

  restart(): void {
    for (const { directory } of this.#open) directory[Symbol.dispose]()
    this.#open = []
  }

  /** Hands over the last directory. */
  take(name: BytePath, stats: Stats | undefined): Place {
    const at = name === '' ? this.at : below(this.at, name)
    const last = this.#open.pop()
    const directory = last?.directory ?? this.#root
    return {
      directory,
      name,
      at,
      stats,
      path: () => directory.path(name),
      [Symbol.dispose]: () => last?.directory[Symbol.dispose](),
    }
  }

  close(): void {
    this.restart()
  }
}
