import { readdir } from 'node:fs/promises'

/** What stands in a directory of this machine. */
export interface LocalNode {
  /** Bytes: a path need not be UTF-8. */
  readonly path: Buffer
  /** The path below the directory that was walked, parts joined by `/`. */
  readonly below: Buffer
  readonly isFile: boolean
}

const slash = Buffer.from('/')

/**
 * Everything below a directory: each directory before its content, names sorted by their bytes, so that the order is the same
 * everywhere. Symbolic links are not followed.
 */
export async function* localTree(
  directory: Buffer,
  isIncluded: (below: string) => boolean = () => true,
): AsyncGenerator<LocalNode, void, undefined> {
  yield* walk({ path: directory, below: Buffer.alloc(0), isFile: false }, isIncluded)
}

async function* walk(parent: LocalNode, isIncluded: (below: string) => boolean = () => true): AsyncGenerator<LocalNode, void, undefined> {
  const children = await readdir(parent.path, { withFileTypes: true, encoding: 'buffer' })
  children.sort((a, b) => Buffer.compare(a.name, b.name))
  for (const child of children) {
    const below = parent.below.length === 0 ? child.name : Buffer.concat([parent.below, slash, child.name])
    if (!isIncluded(below.toString())) continue
    const node = { path: Buffer.concat([parent.path, slash, child.name]), below, isFile: child.isFile() }
    yield node
    if (child.isDirectory()) yield* walk(node, isIncluded)
  }
}
