import * as fs from 'node:fs'
import { lstat } from 'node:fs/promises'
import { promisify } from 'node:util'

import { ImagoError } from '@imago/core'

import { checkSize, readFlags } from './local-file.ts'

/** Milliseconds that a file may take that does not go through the thread pool; from the system's cache it takes a hundredth of that. */
const patienceMs = 2
/** How many files go through the thread pool after one that took longer. */
const pooledAfterSlow = 32

const open = promisify(fs.open)
const read = promisify(fs.read)

/** What is known of a file, and its content when that is small. */
export interface ReadFile {
  readonly stats: fs.Stats
  readonly content?: Uint8Array
}

/**
 * Looks at many files, and reads the small ones. What the system has in its cache is read directly: a way through the thread pool costs
 * many times what its calls cost. A file that takes longer comes from a disk or over a network, and the next ones go through the pool.
 */
export class SmallFiles {
  readonly #limit: number
  readonly #slowMs: number
  #pooled = 0

  /**
   * @param limit bytes of a file that is small
   * @param slowMs milliseconds after which a file counts as slow
   */
  constructor(limit: number, slowMs: number = patienceMs) {
    this.#limit = limit
    this.#slowMs = slowMs
  }

  /** What a path is; a link is a link. */
  async look(path: Buffer): Promise<fs.Stats> {
    return this.#isDirect() ? this.#timed(() => fs.lstatSync(path)) : await lstat(path)
  }

  /** Throws `TRANSFER_FAILED` when the file becomes shorter or longer meanwhile. */
  async read(path: Buffer): Promise<ReadFile> {
    return this.#isDirect() ? this.#timed(() => readDirectly(path, this.#limit)) : await readThroughPool(path, this.#limit)
  }

  #isDirect(): boolean {
    if (this.#pooled === 0) return true
    this.#pooled--
    return false
  }

  #timed<T>(work: () => T): T {
    const started = performance.now()
    try {
      return work()
    } finally {
      if (performance.now() - started > this.#slowMs) this.#pooled = pooledAfterSlow
    }
  }
}

function readDirectly(path: Buffer, limit: number): ReadFile {
  const descriptor = fs.openSync(path, readFlags)
  try {
    const stats = fs.fstatSync(descriptor)
    const buffer = bufferFor(path, stats, limit)
    if (buffer === undefined) return { stats }
    let filled = 0
    for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
      count = fs.readSync(descriptor, buffer, filled, buffer.length - filled, null)
    }
    return { stats, content: contentOf(path, stats, buffer, filled) }
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Only the two calls that may wait for a disk go through the pool. That is why there are no handles of `node:fs/promises` here. */
async function readThroughPool(path: Buffer, limit: number): Promise<ReadFile> {
  const descriptor = await open(path, readFlags)
  try {
    const stats = fs.fstatSync(descriptor)
    const buffer = bufferFor(path, stats, limit)
    if (buffer === undefined) return { stats }
    let filled = 0
    for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
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
