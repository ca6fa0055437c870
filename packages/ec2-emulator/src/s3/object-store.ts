import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { apiError } from '../api-error.ts'

/** An object, or a part of one that is being uploaded. */
export interface StoredObject {
  /** Its content, in a file of the emulator's own. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** With its quotation marks. */
  readonly etag: string
  readonly modifiedAt: Date
  readonly tags: Tags
}

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>

/** An upload in parts that has not ended. */
export interface MultipartUpload {
  readonly key: string
  readonly tags: Tags
  readonly parts: Map<number, StoredObject>
}

/** A bucket. */
export interface Bucket {
  readonly region: string
  readonly seeded: boolean
  readonly objects: Map<string, StoredObject>
  readonly uploads: Map<string, MultipartUpload>
}

/** Buckets and what is in them. Content lies in a folder that goes with the emulator. */
export class ObjectStore {
  readonly buckets: Map<string, Bucket> = new Map()
  #folder: Promise<string> | undefined

  /** Makes a bucket. */
  create(name: string, region: string, seeded = false): Bucket {
    const bucket = { region, seeded, objects: new Map<string, StoredObject>(), uploads: new Map<string, MultipartUpload>() }
    this.buckets.set(name, bucket)
    return bucket
  }

  /** @throws ApiError `NoSuchBucket` */
  require(name: string): Bucket {
    const bucket = this.buckets.get(name)
    if (bucket === undefined) throw apiError('NoSuchBucket', 'The specified bucket does not exist')
    return bucket
  }

  /** Keeps content. */
  async write(content: AsyncIterable<Buffer>): Promise<StoredObject> {
    const path = join(await this.#ownFolder(), randomUUID())
    const digest = createHash('md5')
    let size = 0
    const counted = async function* (): AsyncGenerator<Buffer, void, undefined> {
      for await (const chunk of content) {
        digest.update(chunk)
        size += chunk.length
        yield chunk
      }
    }
    await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(path, { mode: 0o600 }))
    return { path, size, etag: `"${digest.digest('hex')}"`, modifiedAt: new Date(), tags: {} }
  }

  /** Puts the parts of an upload together, in the order of their numbers. */
  async join(parts: readonly StoredObject[]): Promise<StoredObject> {
    const content = async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (const { path } of parts) yield* createReadStream(path)
    }
    const whole = await this.write(content())
    await Promise.all(parts.map((part) => this.drop(part)))
    const digest = createHash('md5')
    for (const { etag } of parts) digest.update(Buffer.from(etag.slice(1, -1), 'hex'))
    return { ...whole, etag: `"${digest.digest('hex')}-${parts.length}"` }
  }

  /** The first bytes of an object. */
  async head({ path }: StoredObject, bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** Removes the content of an object that is in no bucket any more. */
  async drop({ path }: StoredObject): Promise<void> {
    await rm(path, { force: true })
  }

  /** Removes everything. */
  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true })
  }

  async #ownFolder(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'imago-ec2-emulator-'))
    return this.#folder
  }
}
