import * as fs from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

import { ImagoError } from '@imago/core'

import { checkSize, readFlags } from './local-file.ts'
import type { LocalNode } from './local-tree.ts'
import type { Pace } from './pace.ts'

const open = promisify(fs.open)
const read = promisify(fs.read)

/** What is known of a node. */
export interface ReadNode {
  readonly stats: fs.Stats
  /** Of a file that is small. */
  readonly content?: Uint8Array
  /** Of a symbolic link. */
  readonly linkName?: Buffer
}

/** How to read nodes. */
export interface ReadNodesOptions {
  /** Bytes of a file that is small. */
  readonly limit: number
  readonly pace: Pace
}

/**
 * Looks at files, directories and links, and reads small files; in their order.
 * @throws ImagoError `TRANSFER_FAILED` when a file becomes shorter or longer meanwhile, or is none any more
 */
export async function readNodes(nodes: readonly LocalNode[], { limit, pace }: ReadNodesOptions): Promise<readonly ReadNode[]> {
  const done: ReadNode[] = []
  for (const node of nodes) {
    if (!pace.isFast) break
    done.push(pace.direct(() => readDirectly(node, limit)))
  }
  if (done.length === nodes.length) return done
  const rest = nodes.slice(done.length)
  pace.pooled(rest.length)
  const reading = rest.map((node) => readThroughPool(node, limit))
  await Promise.allSettled(reading) // nothing is left under way when one of them fails
  return [...done, ...(await Promise.all(reading))]
}

function readDirectly({ path, isFile }: LocalNode, limit: number): ReadNode {
  if (!isFile) {
    const stats = fs.lstatSync(path)
    return stats.isSymbolicLink() ? { stats, linkName: fs.readlinkSync(path, { encoding: 'buffer' }) } : { stats }
  }
  const descriptor = fs.openSync(path, readFlags)
  try {
    const stats = fs.fstatSync(descriptor)
    const buffer = bufferFor(path, stats, limit)
    if (buffer === undefined) return { stats }
    let filled = fs.readSync(descriptor, buffer, 0, buffer.length, null)
    for (let count = filled; count !== 0 && filled < stats.size; filled += count) {
      count = fs.readSync(descriptor, buffer, filled, buffer.length - filled, null)
    }
    return { stats, content: contentOf(path, stats, buffer, filled) }
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Of a file, only the two calls that may wait for a disk go through the pool. That is why there are no handles of `node:fs/promises` here. */
async function readThroughPool({ path, isFile }: LocalNode, limit: number): Promise<ReadNode> {
  if (!isFile) {
    const stats = await lstat(path)
    return stats.isSymbolicLink() ? { stats, linkName: await readlink(path, { encoding: 'buffer' }) } : { stats }
  }
  const descriptor = await open(path, readFlags)
  try {
    const stats = fs.fstatSync(descriptor)
    const buffer = bufferFor(path, stats, limit)
    if (buffer === undefined) return { stats }
    let filled = (await read(descriptor, buffer, 0, buffer.length, null)).bytesRead
    for (let count = filled; count !== 0 && filled < stats.size; filled += count) {
      count = (await read(descriptor, buffer, filled, buffer.length - filled, null)).bytesRead
    }
    return { stats, content: contentOf(path, stats, buffer, filled) }
  } finally {
    fs.closeSync(descriptor)
  }
}

/** One byte more than it should have shows that it has grown, without another read. */
function bufferFor(path: Buffer, stats: fs.Stats, limit: number): Buffer | undefined {
  if (!stats.isFile()) throw new ImagoError('TRANSFER_FAILED', `'${path.toString()}' is no file any more`)
  return stats.size > limit ? undefined : Buffer.allocUnsafe(stats.size + 1)
}

function contentOf(path: Buffer, { size }: fs.Stats, buffer: Buffer, filled: number): Uint8Array {
  checkSize({ path, size }, filled)
  return buffer.subarray(0, filled)
}
