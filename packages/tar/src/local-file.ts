import * as fs from 'node:fs'
import { promisify } from 'node:util'

import { abortError, ImagoError } from '@imago/core'

/** Bytes that are read at once from a large file. */
const chunkSize = 1024 * 1024

const open = promisify(fs.open)
const read = promisify(fs.read)
const close = promisify(fs.close)

/** Without following a link, and without waiting for the writer of a pipe, should one have taken the file's place. */
export const readFlags: number = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** A file as it was when its header was made. */
export interface LocalFile {
  readonly path: Buffer
  /** Bytes. */
  readonly size: number
}

/** How to read a large file. */
export interface ReadChunksOptions {
  /** Each chunk is good until the next one is asked for: two buffers are all that is needed then. @default false */
  readonly reuse?: boolean
  readonly signal?: AbortSignal
}

/**
 * Reads a large file in chunks, the next one while the reader is busy with the last. Throws `TRANSFER_FAILED` when it becomes shorter or
 * longer meanwhile.
 */
export async function* readChunks(file: LocalFile, options: ReadChunksOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const { reuse = false, signal } = options
  const descriptor = await open(file.path, readFlags)
  let ahead: Promise<Uint8Array> | undefined
  let [current, other]: readonly (Buffer | undefined)[] = []
  const readNext = (): Promise<Uint8Array> => {
    const buffer = other ?? Buffer.allocUnsafeSlow(chunkSize)
    if (reuse) [current, other] = [buffer, current]
    const reading = fill(descriptor, buffer).then((length) => buffer.subarray(0, length))
    reading.catch(() => undefined) // thrown below, when it is awaited
    return reading
  }
  try {
    let size = 0
    ahead = readNext()
    for (let chunk = await ahead; chunk.length > 0; chunk = await ahead) {
      if (signal?.aborted === true) throw abortError(signal)
      size += chunk.length
      if (size > file.size) break
      ahead = readNext()
      yield chunk
    }
    checkSize(file, size)
  } finally {
    await Promise.allSettled([ahead])
    await close(descriptor)
  }
}

/** Reads until the buffer is full or the file ends; says how many bytes that were. */
async function fill(descriptor: number, buffer: Buffer): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await read(descriptor, buffer, filled, buffer.length - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** Throws `TRANSFER_FAILED` when a file has another number of bytes than it had when its header was made. */
export function checkSize(file: LocalFile, size: number): void {
  if (size === file.size) return
  const change = size > file.size ? 'grew' : 'shrank'
  throw new ImagoError('TRANSFER_FAILED', `'${file.path.toString()}' ${change} while it was read (it had ${file.size} bytes)`, {
    hint: 'wait until nothing writes to it any more, or leave it out',
  })
}
