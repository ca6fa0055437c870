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
 * everywhere. Symbolic links are not followed. It comes in batches of up to so many, as a step of a generator for each would cost more
 * than all else that is done with a small file.
 */
export async function* localTree(
  directory: Buffer,
  batchSize: number,
  isIncluded: (below: string) => boolean = () => true,
): AsyncGenerator<readonly LocalNode[], void, undefined> {
  yield* walk({ path: directory, below: Buffer.alloc(0), isFile: false }, batchSize, isIncluded)
}

async function* walk(
  parent: LocalNode,
  batchSize: number,
  isIncluded: (below: string) => boolean,
): AsyncGenerator<readonly LocalNode[], void, undefined> {
  const children = await readdir(parent.path, { withFileTypes: true, encoding: 'buffer' })
  children.sort((a, b) => Buffer.compare(a.name, b.name))
  let batch: LocalNode[] = []
  for (const child of children) {
    const below = parent.below.length === 0 ? child.name : Buffer.concat([parent.below, slash, child.name])
    if (!isIncluded(below.toString())) continue
    const node = { path: Buffer.concat([parent.path, slash, child.name]), below, isFile: child.isFile() }
    batch.push(node)
    const isDirectory = child.isDirectory()
    if (isDirectory || batch.length === batchSize) {
      yield batch
      batch = []
    }
    if (isDirectory) yield* walk(node, batchSize, isIncluded)
  }
  if (batch.length > 0) yield batch
}
