import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** What the thread is told: how many bytes are in the file by now, and whether more will come. */
interface Growth {
  readonly size: number
  readonly isEnd: boolean
}

/**
 * SHA-256 of a file while it is being written, in a thread of its own that reads after the writer what the system still has in its
 * cache: to compute it takes longer than all else that is done for a file that compresses well.
 */
export class GrowingFileDigest implements AsyncDisposable {
  readonly #worker: Worker
  readonly #failed: Promise<never>

  constructor(path: string) {
    this.#worker = new Worker(source, { eval: true, workerData: path })
    this.#failed = new Promise((_, reject) => {
      this.#worker.once('error', reject)
      this.#worker.once('exit', () => reject(new Error(`the thread that reads ${path} has ended`)))
    })
    this.#failed.catch(() => undefined) // thrown when the digest is asked for
  }

  /** Says that so many bytes are in the file, and will stay as they are. */
  grow(size: number): void {
    this.#tell({ size, isEnd: false })
  }

  /** The digest of the first so many bytes, in hex. @throws when the file cannot be read or is shorter */
  async finish(size: number): Promise<string> {
    const answered = once(this.#worker, 'message') as Promise<[string]> // the thread says nothing else
    this.#tell({ size, isEnd: true })
    const [digest] = await Promise.race([answered, this.#failed])
    return digest
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }

  #tell(growth: Growth): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a browser's window
    this.#worker.postMessage(growth)
  }
}

/** A text and no file, so that it runs from TypeScript's source as it does from what is bundled. */
const source = `
const { createHash } = require('node:crypto')
const { openSync, readSync } = require('node:fs')
const { parentPort, workerData: path } = require('node:worker_threads')
const file = openSync(path)
const hash = createHash('sha256')
const buffer = Buffer.allocUnsafeSlow(1 << 20)
let position = 0
parentPort.on('message', ({ size, isEnd }) => {
  while (position < size) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, size - position), position)
    if (length === 0) throw new Error(path + ' has become shorter')
    hash.update(buffer.subarray(0, length))
    position += length
  }
  if (isEnd) parentPort.postMessage(hash.digest('hex'))
})`
