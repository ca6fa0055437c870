import type { FileHandle } from 'node:fs/promises'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'

import { fileSystemError, isImagoError } from '@imago/core'

import type { KnownDigest } from './digest.ts'
import { hashInto, Hasher } from './digest.ts'
import type { Validators } from './validators.ts'

/** What the part that is there is a part of. */
export interface PartOf {
  /** The URL it came from last, as {@link urlKey}. */
  readonly source: string
  readonly validators: Validators
  /** Bytes in all, where the server said so. */
  readonly total?: number
}

/**
 * A file that is being downloaded, under a name of its own; a record beside it says what it is a part of, so that another run can go on
 * with it. Digests are computed on the way.
 */
export class PartialFile implements AsyncDisposable {
  readonly #path: string
  readonly #file: FileHandle
  readonly #expected: KnownDigest | undefined
  #hasher: Hasher
  #size = 0
  #partOf: PartOf | undefined
  #isResumed = false

  private constructor(path: string, file: FileHandle, expected: KnownDigest | undefined) {
    this.#path = path
    this.#file = file
    this.#expected = expected
    this.#hasher = new Hasher(expected)
  }

  /** Opens it; goes on with what a run before has left only when its digest is going to be checked. */
  static async open(path: string, expected: KnownDigest | undefined, signal: AbortSignal): Promise<PartialFile> {
    const partOf = expected === undefined ? undefined : await readRecord(path)
    const file = await open(path, 'a') // what is written goes to the end of the file, also after it was cut
    const partial = new PartialFile(path, file, expected)
    try {
      await (partOf === undefined ? file.truncate(0) : partial.#takeOver(partOf, signal))
      return partial
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Bytes that are there. */
  get size(): number {
    return this.#size
  }

  /** What they are a part of; `undefined` when there are none. */
  get partOf(): PartOf | undefined {
    return this.#size === 0 ? undefined : this.#partOf
  }

  /** Whether it was put together from several responses. */
  get isResumed(): boolean {
    return this.#isResumed
  }

  /** Begins again. */
  async restart(partOf?: PartOf): Promise<void> {
    await this.#file.truncate(0)
    this.#size = 0
    this.#isResumed = false
    this.#hasher = new Hasher(this.#expected)
    if (partOf !== undefined) await this.#record(partOf)
  }

  /** Goes on with what another response has. */
  async resume(partOf: PartOf): Promise<void> {
    this.#isResumed = true
    await this.#record(partOf)
  }

  /**
   * Adds to its end.
   * @throws ImagoError `DISK_FULL`; nothing is left then
   */
  async append(chunk: Uint8Array): Promise<void> {
    try {
      const writing = this.#file.write(chunk)
      this.#hasher.update(chunk)
      const { bytesWritten } = await writing
      if (bytesWritten < chunk.length) await this.#file.appendFile(chunk.subarray(bytesWritten)) // goes on, or says why it cannot
      this.#size += chunk.length
    } catch (error) {
      const known = fileSystemError(error, `cannot write '${this.#path}'`)
      if (isImagoError(known, 'DISK_FULL')) await this.discard()
      throw known
    }
  }

  /**
   * Checks the digest, and gives the file its name.
   * @returns its SHA-256 in hex
   * @throws ImagoError `CHECKSUM_MISMATCH`
   */
  async complete(path: string, name: string): Promise<string> {
    const sha256 = this.#hasher.verify(name)
    await this.#file.sync()
    await rename(this.#path, path)
    await rm(recordPath(this.#path), { force: true })
    return sha256
  }

  /** Removes it. */
  async discard(): Promise<void> {
    await Promise.all([this.#path, recordPath(this.#path)].map((path) => rm(path, { force: true })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  /** Goes on with what is there. */
  async #takeOver(partOf: PartOf, signal: AbortSignal): Promise<void> {
    await hashInto(this.#hasher, this.#path, signal)
    this.#size = (await this.#file.stat()).size
    this.#partOf = partOf
    this.#isResumed = this.#size > 0
  }

  async #record(partOf: PartOf): Promise<void> {
    this.#partOf = partOf
    await writeFile(recordPath(this.#path), JSON.stringify(partOf))
  }
}

function recordPath(path: string): string {
  return `${path}.json`
}

async function readRecord(path: string): Promise<PartOf | undefined> {
  try {
    return JSON.parse(await readFile(recordPath(path), 'utf8')) as PartOf // written by this file; digests tell if it is wrong
  } catch {
    return undefined // there is none, or only half of it was written
  }
}
