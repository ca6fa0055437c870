import type { Dirent } from 'node:fs'
import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'

import type { Pace } from './pace.ts'

/** What stands in a directory of this machine. */
export interface LocalNode {
  /** Bytes: a path need not be UTF-8. */
  readonly path: Buffer
  /** The path below the directory that was walked, parts joined by `/`. */
  readonly below: Buffer
  readonly isFile: boolean
}

const slash = Buffer.from('/')

/** How to walk. */
export interface LocalTreeOptions {
  /** How many nodes come at once, at most. */
  readonly batchSize: number
  readonly pace: Pace
  /** @default everything is */
  readonly isIncluded?: (below: string) => boolean
}

/**
 * Everything below a directory: each directory before its content, names sorted by their bytes, so that the order is the same
 * everywhere. Symbolic links are not followed. It comes in batches of up to so many, as a step of a generator for each would cost more
 * than all else that is done with a small file.
 */
export async function* localTree(directory: Buffer, options: LocalTreeOptions): AsyncGenerator<readonly LocalNode[], void, undefined> {
  yield* walk({ path: directory, below: Buffer.alloc(0), isFile: false }, options)
}

async function* walk(parent: LocalNode, options: LocalTreeOptions): AsyncGenerator<readonly LocalNode[], void, undefined> {
  const { batchSize, isIncluded = () => true } = options
  const children = await list(parent.path, options.pace)
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
    if (isDirectory) yield* walk(node, options)
  }
  if (batch.length > 0) yield batch
}

async function list(path: Buffer, pace: Pace): Promise<Dirent<Buffer>[]> {
  const options = { withFileTypes: true, encoding: 'buffer' } as const
  if (pace.isFast) return pace.direct(() => readdirSync(path, options))
  pace.pooled(1)
  return await readdir(path, options)
}
