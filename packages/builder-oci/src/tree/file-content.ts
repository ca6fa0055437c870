import { close, closeSync, constants, open, openSync, read, readSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'

import { ImagoError } from '@imago/core'

/** Files up to so many bytes are read and written at once: a trip through the thread pool takes ten times as long as the system call. */
const smallFile = 64 * 1024
/** Bytes that are read at once from larger ones. */
const chunkSize = 1024 * 1024

const openFile = promisify(open)
const closeFile = promisify(close)
const readFile = promisify(read)
const writeFile = promisify(write)

/** Without following a link, and without waiting for the writer of a pipe that may stand in the file's place. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const writeFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/**
 * The content of a file: a small one as it is now, a larger one in chunks.
 * @throws ImagoError `TRANSFER_FAILED` when the file has more or fewer bytes than `size`
 */
export function contentOf(path: Buffer, size: number): Uint8Array | AsyncIterable<Uint8Array> {
  return size > smallFile ? readChunks(path, size) : readSmall(path, size)
}

function readSmall(path: Buffer, size: number): Uint8Array {
  const descriptor = openSync(path, readFlags)
  try {
    const buffer = Buffer.allocUnsafe(size + 1) // a byte more shows that it has grown
    const bytesRead = readSync(descriptor, buffer)
    if (bytesRead !== size) throw changed(path, size)
    return buffer.subarray(0, size)
  } finally {
    closeSync(descriptor)
  }
}

async function* readChunks(path: Buffer, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const descriptor = await openFile(path, readFlags)
  try {
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, size - position + 1))
      const { bytesRead } = await readFile(descriptor, buffer, 0, buffer.length, position)
      position += bytesRead
      if (position > size || (bytesRead === 0 && position < size)) throw changed(path, size)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await closeFile(descriptor)
  }
}

function changed(path: Buffer, size: number): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `'${path.toString()}' changed while it was read (it had ${size} bytes)`, {
    hint: 'wait until nothing writes to it any more',
  })
}

/** How to write a file. */
export interface WriteContentOptions {
  /** Called with the length of each piece. */
  readonly onWritten: (bytes: number) => void
  /** Called when all is written, with a path that leads to exactly this file. */
  readonly finish: (path: Buffer) => void
}

/**
 * Writes a new file, readable for its owner only.
 * @throws `EEXIST` when something stands there
 */
export async function writeContent(
  path: Buffer,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: WriteContentOptions,
): Promise<void> {
  if (content instanceof Uint8Array && content.length <= smallFile) {
    writeSmall(path, content, options)
    return
  }
  const descriptor = await openFile(path, writeFlags, 0o600)
  try {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      for (let written = 0; written < chunk.length;) {
        written += (await writeFile(descriptor, chunk, written, chunk.length - written, null)).bytesWritten
      }
      options.onWritten(chunk.length)
    }
    options.finish(pathOf(descriptor, path))
  } finally {
    await closeFile(descriptor)
  }
}

function writeSmall(path: Buffer, content: Uint8Array, options: WriteContentOptions): void {
  const descriptor = openSync(path, writeFlags, 0o600)
  try {
    for (let written = 0; written < content.length;) written += writeSync(descriptor, content, written)
    options.onWritten(content.length)
    options.finish(pathOf(descriptor, path))
  } finally {
    closeSync(descriptor)
  }
}

function pathOf(descriptor: number, path: Buffer): Buffer {
  return process.platform === 'linux' ? Buffer.from(`/proc/self/fd/${descriptor}`) : path
}
