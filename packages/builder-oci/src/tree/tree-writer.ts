import { linkSync, lutimesSync, mkdirSync, rmSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs'

import { ImagoError } from '@imago/core'

import type { BytePath } from '../byte-path.ts'
import { toBytes, toText } from '../byte-path.ts'
import type { AttributeKeeper, Attributes } from './attributes.ts'
import type { Directory } from './directory.ts'
import { openDirectory } from './directory.ts'
import { writeContent } from './file-content.ts'
import type { Slot } from './resolve.ts'
import { statsAt } from './resolve.ts'

/** A file to write. */
export interface NewFile extends Attributes {
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
  /** Time of the last change, in seconds since 1970. */
  readonly mtime: number
  readonly onWritten?: (bytes: number) => void
}

/** A symbolic link to make. */
export interface NewLink extends Attributes {
  readonly target: BytePath
  /** Time of the last change, in seconds since 1970. */
  readonly mtime: number
}

/** Makes things in a root, always under a name in an open directory and never through a link. */
export class TreeWriter {
  readonly #attributes: AttributeKeeper
  readonly #replace: (slot: Slot) => void

  /** @param replacing what becomes of a directory in the way of something else */
  constructor(attributes: AttributeKeeper, replacing: 'removes directories' | 'keeps directories') {
    this.#attributes = attributes
    this.#replace = replacing === 'removes directories' ? removeAll : removeFile
  }

  async file(slot: Slot, file: NewFile): Promise<void> {
    this.#replace(slot)
    await writeContent(slot.directory.path(slot.name), file.content, {
      onWritten: (bytes) => file.onWritten?.(bytes),
      finish: (path) => {
        this.#attributes.give(path, slot.at, file, 'file')
        utimesSync(path, file.mtime, file.mtime)
      },
    })
  }

  symbolicLink(slot: Slot, link: NewLink): void {
    this.#replace(slot)
    const path = slot.directory.path(slot.name)
    symlinkSync(toBytes(link.target), path)
    this.#attributes.give(path, slot.at, link, 'symlink')
    lutimesSync(path, link.mtime, link.mtime)
  }

  /** Makes a missing parent: root's, for everybody to read. */
  readonly makeParent = (slot: Slot): Directory => this.directory(slot, { uid: 0, gid: 0, mode: 0o755 })

  /** Another name for a file of the same root. */
  hardLink(slot: Slot, target: Slot): void {
    if (slot.at === target.at) return
    const stats = statsAt(target.directory, target.name)
    if (stats === undefined || stats.isDirectory()) {
      throw new ImagoError('TRANSFER_FAILED', `'/${toText(slot.at)}' is a link to '/${toText(target.at)}', which is no file`)
    }
    this.#replace(slot)
    linkSync(target.directory.path(target.name), slot.directory.path(slot.name))
    const kind = stats.isSymbolicLink() ? 'symlink' : 'file'
    this.#attributes.give(slot.directory.path(slot.name), slot.at, this.#attributes.of(target.at, stats), kind)
  }

  /** Makes a directory and opens it, or opens the one that is there, whose attributes stay. */
  directory(slot: Slot, attributes: Attributes): Directory {
    const path = slot.directory.path(slot.name)
    if (statsAt(slot.directory, slot.name)?.isDirectory() === true) return openDirectory(path)
    this.#replace(slot)
    mkdirSync(path, { mode: 0o700 })
    const directory = openDirectory(path)
    this.#attributes.give(directory.path(), slot.at, attributes, 'directory')
    return directory
  }
}

/** Removes whatever is there. */
export function removeAll(slot: Slot): void {
  if (statsAt(slot.directory, slot.name) === undefined) return
  rmSync(slot.directory.path(slot.name), { recursive: true, force: true })
}

function removeFile(slot: Slot): void {
  const stats = statsAt(slot.directory, slot.name)
  if (stats === undefined) return
  if (stats.isDirectory()) {
    throw new ImagoError('TRANSFER_FAILED', `'/${toText(slot.at)}' is a directory, which no file can replace`, {
      hint: 'remove it first, or choose another destination',
    })
  }
  unlinkSync(slot.directory.path(slot.name))
}
