import { readlinkSync } from 'node:fs'

import { ImagoError } from '@imago/core'
import type { TarEntry } from '@imago/tar'

import type { BytePath } from '../byte-path.ts'
import { below, bytePath, splitPath, toBytes, toText } from '../byte-path.ts'
import type { AttributeKeeper } from './attributes.ts'
import type { Change } from './changes.ts'
import { contentOf } from './file-content.ts'

/** How to write changes down. */
export interface LayerEntriesOptions {
  readonly attributes: AttributeKeeper
  /** No file is younger, in seconds since 1970. */
  readonly epoch: number
  /** Pipes, sockets and devices are an error. @default false */
  readonly complete?: boolean
}

type Present = Extract<Change, { readonly kind: 'present' }>

/**
 * Changes as the entries of a layer (OCI image specification, layer.md): a removed name is a file `.wh.<name>`, a file with several
 * names stands under the first one and the others are hard links. Devices and sockets are left out.
 * @throws ImagoError `UNSUPPORTED` for a file whose own name says that it is removed, and for what `complete` asks for
 */
export async function* layerEntries(
  changes: AsyncIterable<Change>,
  options: LayerEntriesOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  const firstNames = new Map<string, BytePath>()
  for await (const change of changes) {
    const entry = change.kind === 'removed' ? whiteoutOf(change.at, options) : entryOf(change, options, firstNames)
    if (entry !== undefined) yield entry
  }
}

function whiteoutOf(at: BytePath, { epoch }: LayerEntriesOptions): TarEntry {
  const { parent, name } = splitPath(at)
  const marker = toBytes(below(parent, `.wh.${name}` as BytePath)) // ASCII before bytes
  return { type: 'file', name: marker, mode: 0o644, uid: 0, gid: 0, mtime: epoch, size: 0, content: nothing }
}

function entryOf(change: Present, options: LayerEntriesOptions, firstNames: Map<string, BytePath>): TarEntry | undefined {
  const { at, path, stats } = change
  const attributes = options.attributes.of(at, stats)
  const name = toBytes(at === '' ? bytePath('./') : at)
  const base = { ...attributes, name, mtime: Math.min(Number(stats.mtimeMs / 1000n), options.epoch) }
  if (splitPath(at).name.startsWith('.wh.')) throw markedName(at)
  if (stats.isDirectory()) return at === '' && isPlainRoot(attributes) ? undefined : { ...base, type: 'directory' }
  const isCommon = stats.isSymbolicLink() || stats.isFile()
  if (!isCommon && options.complete === true) throw new ImagoError('UNSUPPORTED', `'/${toText(at)}' is a pipe, a socket or a device`)
  if (!isCommon && !stats.isFIFO()) return undefined
  const first = firstNameOf(change, firstNames)
  if (first !== undefined) return { ...base, type: 'hardlink', linkName: toBytes(first) }
  if (stats.isSymbolicLink()) return { ...base, type: 'symlink', mode: 0o777, linkName: readlinkSync(path, { encoding: 'buffer' }) }
  if (stats.isFIFO()) return { ...base, type: 'fifo', major: 0, minor: 0 }
  const size = Number(stats.size)
  return { ...base, type: 'file', size, content: contentOf(path, size) }
}

const nothing = new Uint8Array()

/** The name under which a file with several names stands in the layer already. */
function firstNameOf({ at, stats }: Present, firstNames: Map<string, BytePath>): BytePath | undefined {
  if (stats.nlink < 2n) return undefined
  const identity = `${stats.dev}:${stats.ino}`
  const first = firstNames.get(identity)
  if (first === undefined) firstNames.set(identity, at)
  return first
}

/** Every unpacker makes such a root. */
function isPlainRoot({ uid, gid, mode }: ReturnType<AttributeKeeper['of']>): boolean {
  return uid === 0 && gid === 0 && mode === 0o755
}

function markedName(at: BytePath): ImagoError {
  return new ImagoError('UNSUPPORTED', `'/${toText(at)}' cannot be part of a layer: names that begin with '.wh.' mean removed files`, {
    hint: 'give it another name',
  })
}
