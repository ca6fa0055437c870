import type { Stats } from 'node:fs'
import { utimesSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { ImagoError } from '@imago/core'
import type { TarEntry } from '@imago/tar'
import { readEntries } from '@imago/tar'

import type { BytePath } from '../byte-path.ts'
import { below, fromBytes, namesOf, rootPath, splitPath, toText } from '../byte-path.ts'
import type { AttributeKeeper, Attributes } from './attributes.ts'
import type { Directory } from './directory.ts'
import { namesIn, openDirectory } from './directory.ts'
import type { Place } from './resolve.ts'
import { lookUp, statsAt } from './resolve.ts'
import { removeAll, TreeWriter } from './tree-writer.ts'

const whiteout = '.wh.'
const opaque = '.wh..wh..opq'
const entriesPerTurn = 64

/** How to apply a layer. */
export interface ApplyLayerOptions {
  readonly attributes: AttributeKeeper
  readonly signal: AbortSignal
  /** Whiteouts remove things. A file system's archive has none: there they are files like any other. */
  readonly whiteouts: boolean
}

/**
 * Unpacks a layer (OCI image specification, layer.md) over what a root holds: files replace files, whiteouts remove them. Devices and
 * pipes are left out. Nothing outside the root is written, whatever the layer's names and links say.
 * @throws ImagoError `TRANSFER_FAILED` for what is no layer
 */
export async function applyLayer(root: Directory, layer: Readable, options: ApplyLayerOptions): Promise<void> {
  const applier = new LayerApplier(root, options)
  let count = 0
  for await (const entry of readEntries(layer, { signal: options.signal })) {
    await applier.apply(entry)
    if (++count % entriesPerTurn === 0) await nextTurn()
  }
  applier.finish()
}

class LayerApplier {
  readonly #root: Directory
  readonly #options: ApplyLayerOptions
  readonly #writer: TreeWriter
  /** What this layer brought, and the directories it is in: its own whiteouts leave it alone. */
  readonly #fresh = new Set<BytePath>()
  readonly #directoryTimes = new Map<BytePath, number>()

  constructor(root: Directory, options: ApplyLayerOptions) {
    this.#root = root
    this.#options = options
    this.#writer = new TreeWriter(options.attributes, 'removes directories')
  }

  async apply(entry: TarEntry): Promise<void> {
    const path = pathOf(entry.name)
    const { parent, name } = splitPath(path)
    if (path === '') return this.#applyRoot(entry)
    if (this.#options.whiteouts && name.startsWith(whiteout)) return this.#remove(parent, name)
    using place = this.#place(path)
    this.#remember(place.at)
    await this.#put(place, entry)
  }

  /** Directories get their times last: until then, what goes into them would change them. */
  finish(): void {
    for (const [at, mtime] of this.#directoryTimes) {
      using place = lookUp(this.#root, at)
      if (place?.stats?.isDirectory() !== true) continue
      using directory = openDirectory(place.path())
      utimesSync(directory.path(), mtime, mtime)
    }
  }

  async #put(place: Place, entry: TarEntry): Promise<void> {
    const { mode, mtime } = entry
    const attributes: Attributes = { uid: entry.uid, gid: entry.gid, mode }
    switch (entry.type) {
      case 'directory':
        return this.#putDirectory(place, attributes, mtime)
      case 'file':
        return this.#writer.file(place, { ...attributes, mtime, content: entry.content })
      case 'symlink':
        return this.#writer.symbolicLink(place, { ...attributes, mtime, target: fromBytes(Buffer.from(entry.linkName)) })
      case 'hardlink':
        return this.#putHardLink(place, pathOf(entry.linkName))
      case 'fifo':
      case 'character-device':
      case 'block-device':
        return removeAll(place)
    }
  }

  #putDirectory(place: Place, attributes: Attributes, mtime: number): void {
    using directory = this.#writer.directory(place, attributes)
    this.#options.attributes.give(directory.path(), place.at, attributes, 'directory')
    this.#directoryTimes.set(place.at, mtime)
  }

  #putHardLink(place: Place, path: BytePath): void {
    using target = lookUp(this.#root, path)
    if (target === undefined) throw new ImagoError('TRANSFER_FAILED', `the layer links to '/${toText(path)}', which it does not hold`)
    this.#writer.hardLink(place, target)
  }

  #applyRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') return
    this.#options.attributes.give(this.#root.path(), rootPath, { uid: entry.uid, gid: entry.gid, mode: entry.mode }, 'directory')
    this.#directoryTimes.set(rootPath, entry.mtime)
  }

  #remove(parent: BytePath, name: BytePath): void {
    if (name === opaque) return this.#removeContent(parent)
    if (name.startsWith(`${whiteout}${whiteout}`)) return // marks of AUFS
    using place = lookUp(this.#root, below(parent, name.slice(whiteout.length) as BytePath)) // a piece of bytes
    if (place === undefined) return
    if (this.#fresh.has(place.at)) this.#removeContent(place.at)
    else removeAll(place)
  }

  #remember(at: BytePath): void {
    for (let path = at; path !== '' && !this.#fresh.has(path); path = splitPath(path).parent) this.#fresh.add(path)
  }

  /** Removes what lower layers put into a directory. */
  #removeContent(parent: BytePath): void {
    using place = lookUp(this.#root, parent)
    if (place?.stats?.isDirectory() !== true) return
    using directory = openDirectory(place.path())
    for (const name of namesIn(directory)) {
      const at = below(place.at, name)
      if (!this.#fresh.has(at)) removeAll({ directory, name, at })
      else if (isDirectory(statsAt(directory, name))) this.#removeContent(at)
    }
  }

  #place(path: BytePath): Place {
    return lookUp(this.#root, path, { makeDirectory: this.#writer.makeParent })
  }
}

function isDirectory(stats: Stats | undefined): boolean {
  return stats?.isDirectory() === true
}

/** An entry's name as a path. One with `..` is no honest one. */
function pathOf(name: string | Uint8Array): BytePath {
  const names = namesOf(fromBytes(Buffer.from(name)))
  if (names.includes('..' as BytePath)) {
    throw new ImagoError('TRANSFER_FAILED', `the layer's entry '${Buffer.from(name).toString()}' leads out of the root`)
  }
  return names.join('/') as BytePath // pieces of bytes are bytes
}
