import * as fs from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

import { ImagoError } from '@imago/core'

import { checkSize, readFlags } from './local-file.ts'
import type { LocalNode } from './local-tree.ts'

/** Milliseconds that a node may take that is read without the thread pool; from the system's cache it takes a hundredth of that. */
const patienceMs = 2
/** How many nodes go through the thread pool after one that took longer. */
const pooledAfterSlow = 32

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
export interface NodeReaderOptions {
  /** Bytes of a file that is small. */
  readonly limit: number
  /** Milliseconds after which a node counts as slow. @default 2 */
  readonly slowMs?: number
}

/**
 * Looks at files, directories and links, and reads small files. What the system has in its cache is read directly: a way through the
 * thread pool costs many times what the calls themselves do. A node that takes longer comes from a disk or over a network, and the next
 * ones go through the pool, side by side.
 */
export class NodeReader {
  readonly #limit: number
  readonly #slowMs: number
  #pooled = 0

  constructor({ limit, slowMs = patienceMs }: NodeReaderOptions) {
    this.#limit = limit
    this.#slowMs = slowMs
  }

  /**
   * Reads nodes, in their order.
   * @throws ImagoError `TRANSFER_FAILED` when a file becomes shorter or longer meanwhile, or is none any more
   */
  async read(nodes: readonly LocalNode[]): Promise<readonly ReadNode[]> {
    const done = this.#readDirectly(nodes)
    if (done.length === nodes.length) return done
    const rest = nodes.slice(done.length)
    this.#pooled -= rest.length
    const reading = rest.map((node) => readThroughPool(node, this.#limit))
    await Promise.allSettled(reading) // nothing is left under way when one of them fails
    return [...done, ...(await Promise.all(reading))]
  }

  /** The first ones, up to one that is slow. */
  #readDirectly(nodes: readonly LocalNode[]): readonly ReadNode[] {
    const done: ReadNode[] = []
    for (const node of nodes) {
      if (this.#pooled > 0) break
      const started = performance.now()
      done.push(readDirectly(node, this.#limit))
      if (performance.now() - started > this.#slowMs) this.#pooled = pooledAfterSlow
    }
    return done
  }
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
