import { posix } from 'node:path'

import { ImagoError } from '@imago/core'

/** A file, directory or symbolic link of a {@link MemoryTree}. */
export type MemoryEntry =
  | { readonly kind: 'file'; readonly content: Uint8Array; readonly mode: number; readonly owner: string }
  | { readonly kind: 'directory'; readonly mode: number; readonly owner: string }
  | { readonly kind: 'symlink'; readonly target: string; readonly owner: string }

/** As many links as Linux follows before it says that there is a loop. */
const maxLinks = 40

/** The file system of a fake machine, in memory. Paths are absolute POSIX paths. */
export class MemoryTree {
  readonly #entries: Map<string, MemoryEntry> = new Map([
    ['/', directory('0:0')],
    ['/tmp', directory('0:0')],
  ])

  /** Every path, sorted. */
  get paths(): readonly string[] {
    return [...this.#entries.keys()].toSorted()
  }

  /** What stands at a path. The last link is not followed. */
  entry(path: string): MemoryEntry | undefined {
    const where = this.#locate(path)
    return where === undefined ? undefined : this.#entries.get(where)
  }

  /** What stands at a path, every link followed; `undefined` when nothing does, or the links go round. */
  follow(path: string): MemoryEntry | undefined {
    let at = this.#locate(path)
    for (let links = 0; at !== undefined && links <= maxLinks; links++) {
      const entry = this.#entries.get(at)
      if (entry?.kind !== 'symlink') return entry
      at = this.#locate(posix.resolve(posix.dirname(at), entry.target))
    }
    return undefined
  }

  /** The text of a file, links followed; `undefined` when there is no such file. */
  text(path: string): string | undefined {
    const entry = this.follow(path)
    return entry?.kind === 'file' ? Buffer.from(entry.content).toString('utf8') : undefined
  }

  /** The names in a directory, sorted. */
  names(path: string): readonly string[] {
    const where = this.#locate(path)
    if (where === undefined) return []
    return this.paths.filter((each) => each !== '/' && posix.dirname(each) === where).map((each) => posix.basename(each))
  }

  /**
   * Puts an entry at a path; parents are made. A directory stays as it is where there is one, with the new mode and owner.
   * @throws ImagoError `TRANSFER_FAILED` when a file would replace a directory or the other way round, or a parent is a file.
   */
  put(path: string, entry: MemoryEntry): void {
    const parent = posix.dirname(path)
    this.makeDirectory(parent, entry.owner)
    const where = posix.join(this.#locate(parent) ?? parent, posix.basename(path))
    const old = this.#entries.get(where)
    if (old !== undefined && (old.kind === 'directory') !== (entry.kind === 'directory')) {
      throw new ImagoError('TRANSFER_FAILED', `cannot put a ${entry.kind} at ${path}: a ${old.kind} is there`)
    }
    this.#entries.set(where, entry)
  }

  /**
   * Makes a directory and its parents, where they are not there yet.
   * @throws ImagoError `TRANSFER_FAILED` when something else stands in the way.
   */
  makeDirectory(path: string, owner: string): void {
    const found = this.follow(path)
    if (found?.kind === 'directory') return
    if (found !== undefined || this.entry(path) !== undefined) {
      throw new ImagoError('TRANSFER_FAILED', `cannot make the directory ${path}: something else is there`)
    }
    const parent = posix.dirname(path)
    this.makeDirectory(parent, owner)
    this.#entries.set(posix.join(this.#locate(parent) ?? parent, posix.basename(path)), directory(owner))
  }

  /** Removes what stands at a path, and everything below it. */
  remove(path: string): void {
    const where = this.#locate(path)
    if (where === undefined) return
    for (const each of this.#entries.keys()) {
      if (each === where || each.startsWith(`${where}/`)) this.#entries.delete(each)
    }
  }

  /** A path with the links in its parents followed; `undefined` when a parent is missing or the links go round. */
  #locate(path: string, links = 0): string | undefined {
    if (links > maxLinks) return undefined
    const normal = posix.resolve('/', path)
    if (normal === '/') return normal
    const parent = this.#locate(posix.dirname(normal), links)
    const entry = parent === undefined ? undefined : this.#entries.get(parent)
    if (parent === undefined || entry === undefined || entry.kind === 'file') return undefined
    if (entry.kind === 'directory') return posix.join(parent, posix.basename(normal))
    return this.#locate(posix.join(posix.resolve(posix.dirname(parent), entry.target), posix.basename(normal)), links + 1)
  }
}

function directory(owner: string): MemoryEntry {
  return { kind: 'directory', mode: 0o755, owner }
}
