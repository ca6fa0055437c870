import type { BigIntStats } from 'node:fs'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'

import type { BytePath } from '../byte-path.ts'
import { below, compareBytes, fromBytes, rootPath, toBytes } from '../byte-path.ts'
import { contentOf } from './file-content.ts'

/** Something that stands in a root: where to read it, and its status with all digits. */
export interface Found {
  readonly path: Buffer
  readonly stats: BigIntStats
}

/** A root as it was when the base was complete. */
export interface Before {
  /** What stood at a path, or `undefined`. */
  stats(at: BytePath): BigIntStats | undefined
  /** The names in a directory; none in what was no directory. */
  names(at: BytePath): readonly BytePath[]
  /** Whether a file or a link still has the content it had. It is of the same kind as before. */
  hasSameContent(at: BytePath, now: Found): Promise<boolean>
}

const slash = Buffer.from('/')

/** The absolute path of something in the root `root`. To be used only where nobody else changes the root, and where no parent is a link. */
export function pathIn(root: string, at: BytePath): Buffer {
  return at === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(root), slash, toBytes(at)])
}

/** What stands at a path of a root, or `undefined`; a link is not followed. */
export function findIn(root: string, at: BytePath): Found | undefined {
  const path = pathIn(root, at)
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && { path, stats }
}

/** The names in a directory of a root, sorted. */
export function sortedNames(root: string, at: BytePath): BytePath[] {
  return readdirSync(pathIn(root, at), { encoding: 'buffer' }).map(fromBytes).toSorted(compareBytes)
}

/** An empty root. */
export const nothingBefore: Before = { stats: () => undefined, names: () => [], hasSameContent: () => Promise.resolve(false) }

/** A root that was there before and is not changed any more: the lower directory of an overlay. */
export function untouchedBefore(root: string): Before {
  return {
    stats: (at) => findIn(root, at)?.stats,
    names: (at) => (findIn(root, at)?.stats.isDirectory() === true ? sortedNames(root, at) : []),
    async hasSameContent(at, now) {
      const then = findIn(root, at)
      if (then?.stats.isSymbolicLink() === true) {
        return readlinkSync(then.path, { encoding: 'buffer' }).equals(readlinkSync(now.path, { encoding: 'buffer' }))
      }
      return then?.stats.isFile() === true && (await haveSameBytes(then, now))
    },
  }
}

/** Remembers what a root holds now. Every change of a file changes its number or the time that only the system sets. */
export function rememberedBefore(root: string): Before {
  const known = new Map<BytePath, BigIntStats>()
  const names = new Map<BytePath, readonly BytePath[]>()
  const remember = (at: BytePath): void => {
    const found = findIn(root, at)
    if (found === undefined) return
    known.set(at, found.stats)
    if (!found.stats.isDirectory()) return
    const inside = sortedNames(root, at)
    names.set(at, inside)
    for (const name of inside) remember(below(at, name))
  }
  remember(rootPath)
  return {
    stats: (at) => known.get(at),
    names: (at) => names.get(at) ?? [],
    hasSameContent(at, now) {
      const then = known.get(at)
      return Promise.resolve(then?.ino === now.stats.ino && then.ctimeNs === now.stats.ctimeNs)
    },
  }
}

async function haveSameBytes(a: Found, b: Found): Promise<boolean> {
  if (a.stats.size !== b.stats.size) return false
  const [left, right] = [chunksOf(a), chunksOf(b)]
  try {
    for (;;) {
      const [one, other] = [await left.next(), await right.next()]
      if (one.done === true || other.done === true) return one.done === other.done
      if (!Buffer.from(one.value).equals(other.value)) return false
    }
  } finally {
    await left.return()
    await right.return()
  }
}

/** Both files are of one size, and so their chunks are. */
async function* chunksOf({ path, stats }: Found): AsyncGenerator<Uint8Array, void, undefined> {
  const content = contentOf(path, Number(stats.size))
  if (content instanceof Uint8Array) yield content
  else yield* content
}
