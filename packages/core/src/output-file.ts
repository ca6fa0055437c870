import { createHash, randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'

import type { ArtifactFile } from './artifact.ts'
import type { TransferProgress } from './communicator.ts'
import type { ComponentContext } from './context.ts'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf, systemCode } from './error.ts'
import { GrowingFileDigest } from './growing-file-digest.ts'
import type { ResourceKind } from './resources.ts'

/** Data of the resource kind {@link partialFile}. */
interface PartialFileData {
  readonly path: string
  readonly [member: string]: string
}

/** A file that is being written, under a temporary name. */
export const partialFile: ResourceKind<PartialFileData> = {
  kind: 'partial-file',
  package: '@imago/core',
  destroy: ({ data }) => rm(data.path, { force: true }),
}

/** Where output files are written: a build, or a post-processor. */
export type OutputContext = Pick<ComponentContext, 'resources' | 'signal'>

/** Content of a file: chunks, or lists of chunks that are used up before the next list is asked for, so that what holds them is used again. */
export type OutputContent = Iterable<Uint8Array | readonly Uint8Array[]> | AsyncIterable<Uint8Array | readonly Uint8Array[]>

/** How to write a file. */
export interface OutputOptions {
  readonly onProgress?: (progress: TransferProgress) => void
}

/** Small chunks are written together, so many bytes at once. */
const writeBytes = 1 << 20
/** The disk begins with the first so many bytes while the next are still being made. */
const syncBytes = 32 << 20
/** The digest of a file that becomes larger than this is computed in a thread of its own. */
const smallFileBytes = 32 << 20

/**
 * Replaces a file as a whole: `write` fills a temporary one beside it, which an empty file stands for already, and that is renamed when
 * it is done. Parent folders are made. After an error nothing is left but what stood there before; what a killed run leaves, `imago
 * sweep` removes.
 * @throws ImagoError `DISK_FULL`, `OUTPUT_UNWRITABLE`, or what `write` throws
 */
export async function replaceFile<T>(path: string, { resources }: OutputContext, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `.imago-${randomUUID()}.partial`)
  await wrapped(path, mkdir(dirname(path), { recursive: true }))
  await using partial = await resources.acquire({
    kind: partialFile,
    name: temporary,
    data: { path: temporary },
    create: () => wrapped(path, touch(temporary)),
  })
  const result = await write(temporary)
  await wrapped(path, rename(temporary, path))
  await partial.disown()
  return result
}

/**
 * Writes a file as {@link replaceFile} does, and computes its digest on the way. All of it is on the disk when it gets its name. Content
 * that is a stream is destroyed when the signal is aborted.
 * @throws ImagoError `DISK_FULL`, `OUTPUT_UNWRITABLE`, `CANCELLED` or `TIMEOUT` as the signal says, or what the content throws
 */
export async function writeOutputFile(
  path: string,
  content: OutputContent,
  ctx: OutputContext,
  { onProgress }: OutputOptions = {},
): Promise<Required<ArtifactFile>> {
  if (content instanceof Readable) {
    content.on('error', () => undefined) // it may fail before it is read, which is when it is thrown
    addAbortSignal(ctx.signal, content)
  }
  try {
    return await replaceFile(path, ctx, async (temporary) => {
      const file = await wrapped(path, open(temporary, 'w'))
      const writer = new OutputWriter({ path, temporary, file })
      try {
        for await (const chunk of content) {
          if (ctx.signal.aborted) throw abortError(ctx.signal)
          await (chunk instanceof Uint8Array ? writer.gather(chunk) : writer.write(chunk))
          onProgress?.({ bytes: writer.size })
        }
        return { path, ...(await writer.finish()) }
      } finally {
        await writer.close()
      }
    })
  } catch (error) {
    if (content instanceof Readable) content.destroy()
    throw ctx.signal.aborted ? abortError(ctx.signal) : error
  }
}

class OutputWriter {
  readonly #path: string
  readonly #temporary: string
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #thread: GrowingFileDigest | undefined
  #gathered: Uint8Array[] = []
  #gatheredBytes = 0
  #size = 0
  #syncFrom = syncBytes
  #syncing = Promise.resolve()

  constructor({ path, temporary, file }: { readonly path: string; readonly temporary: string; readonly file: FileHandle }) {
    this.#path = path
    this.#temporary = temporary
    this.#file = file
  }

  /** Bytes that are written so far. */
  get size(): number {
    return this.#size
  }

  async gather(chunk: Uint8Array): Promise<void> {
    this.#gathered.push(chunk)
    this.#gatheredBytes += chunk.length
    if (this.#gatheredBytes >= writeBytes) await this.#writeGathered()
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    const writing = wrapped(this.#path, writeAll(this.#file, chunks))
    for (const chunk of chunks) {
      if (this.#thread === undefined) this.#hash.update(chunk)
      this.#size += chunk.length
    }
    await writing
    if (this.#size > smallFileBytes && availableParallelism() > 1) {
      this.#thread ??= new GrowingFileDigest(this.#temporary)
      this.#thread.grow(this.#size)
    }
    if (this.#size >= this.#syncFrom) await this.#startSync()
  }

  async finish(): Promise<{ readonly size: number; readonly sha256: string }> {
    await this.#writeGathered()
    await this.#syncing
    await wrapped(this.#path, this.#file.sync())
    return { size: this.#size, sha256: (await this.#thread?.finish(this.#size)) ?? this.#hash.digest('hex') }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#syncing, this.#thread?.[Symbol.asyncDispose]()])
    await this.#file.close()
  }

  async #writeGathered(): Promise<void> {
    const chunks = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    await this.write(chunks)
  }

  async #startSync(): Promise<void> {
    await this.#syncing
    this.#syncing = wrapped(this.#path, this.#file.datasync())
    this.#syncing.catch(() => undefined) // thrown by the next wait for it
    this.#syncFrom = this.#size + syncBytes
  }
}

async function touch(path: string): Promise<void> {
  await (await open(path, 'wx')).close()
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (length === 0) return
  const { bytesWritten } = await file.writev(chunks)
  if (bytesWritten < length) await file.appendFile(Buffer.concat(chunks).subarray(bytesWritten)) // goes on, or says why it cannot
}

/** An operation on the file, with its errors as ours. */
async function wrapped<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (cause) {
    const known = fileSystemError(cause, `cannot write '${path}'`)
    if (isImagoError(known, 'DISK_FULL') || isImagoError(known, 'OUTPUT_UNWRITABLE') || systemCode(cause) === undefined) throw known
    throw new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': ${messageOf(cause)}`, { cause, hint: 'choose another place' })
  }
}
