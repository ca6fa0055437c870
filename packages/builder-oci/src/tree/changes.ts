import type { BytePath } from '../byte-path.ts'
import { below, compareBytes, rootPath } from '../byte-path.ts'
import type { AttributeKeeper } from './attributes.ts'
import type { Before, Found } from './before.ts'
import { findIn, nothingBefore, sortedNames } from './before.ts'

/** One difference between a root as it was and as it is. */
export type Change = { readonly kind: 'removed'; readonly at: BytePath } | ({ readonly kind: 'present'; readonly at: BytePath } & Found)

/** A root as it is now. Nobody may change it meanwhile. */
export interface After {
  /** The names in a directory. */
  names(at: BytePath): readonly BytePath[]
  /** What stands at a path, when it may have changed; `undefined` when it certainly has not. */
  touched(at: BytePath): Found | undefined
}

/**
 * A root on an overlay: what may have changed is in `upper`, and `merged` shows which names are left. Names that an opaque directory
 * hides are missing there like those that a whiteout hides, so that nothing needs to be known of the overlay's own marks.
 */
export function overlayAfter(upper: string, merged: string): After {
  return { names: (at) => sortedNames(merged, at), touched: (at) => findIn(upper, at) }
}

/** A root that is changed in place: everything is compared. */
export function inPlaceAfter(root: string): After {
  return { names: (at) => sortedNames(root, at), touched: (at) => findIn(root, at) }
}

/** What to compare. */
export interface CompareOptions {
  readonly before: Before
  readonly after: After
  readonly attributes: AttributeKeeper
}

/**
 * The differences, sorted by path. A directory comes before what is in it, also when only that has changed: whoever unpacks a layer by
 * itself needs its owner and mode. A removed directory stands for all it held.
 */
export function changesOf(options: CompareOptions): AsyncGenerator<Change, void, undefined> {
  return changesAt(options, rootPath)
}

async function* changesAt(options: CompareOptions, at: BytePath): AsyncGenerator<Change, void, undefined> {
  const now = options.after.touched(at)
  if (now === undefined) return
  const self: Change = { kind: 'present', at, ...now }
  let isAnnounced = !(await isSame(options, at, now))
  if (isAnnounced) yield self
  if (!now.stats.isDirectory()) return
  const wasDirectory = options.before.stats(at)?.isDirectory() === true
  for await (const change of changesBelow(wasDirectory ? options : { ...options, before: nothingBefore }, at)) {
    if (!isAnnounced && at !== rootPath) yield self
    isAnnounced = true
    yield change
  }
}

async function* changesBelow(options: CompareOptions, at: BytePath): AsyncGenerator<Change, void, undefined> {
  const now = new Set(options.after.names(at))
  for (const name of [...new Set([...now, ...options.before.names(at)])].toSorted(compareBytes)) {
    const child = below(at, name)
    if (now.has(name)) yield* changesAt(options, child)
    else yield { kind: 'removed', at: child }
  }
}

/** Times of directories and links say nothing: whatever happens next to them changes those. */
async function isSame({ before, attributes }: CompareOptions, at: BytePath, now: Found): Promise<boolean> {
  const then = before.stats(at)
  if (then === undefined || kindOf(then.mode) !== kindOf(now.stats.mode)) return false
  const [was, is] = [attributes.of(at, then), attributes.of(at, now.stats)]
  if (was.uid !== is.uid || was.gid !== is.gid) return false
  if (now.stats.isSymbolicLink()) return before.hasSameContent(at, now)
  if (was.mode !== is.mode) return false
  if (now.stats.isDirectory()) return true
  return then.size === now.stats.size && then.mtimeNs === now.stats.mtimeNs && (await before.hasSameContent(at, now))
}

/** The bits that say whether it is a file, a directory, a link: S_IFMT of stat(2). */
function kindOf(mode: bigint): bigint {
  return mode & 0o170000n
}
