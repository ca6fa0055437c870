import * as fs from 'node:fs'
import { promisify } from 'node:util'

import { abortError, systemCode } from '@imago/core'

import type { TarExtent } from './entry.ts'
import type { LocalFile } from './local-file.ts'
import { checkSize, readFlags } from './local-file.ts'

/** Bytes that are read at once. */
const chunkSize = 1024 * 1024
/** Holes are counted in blocks of so many bytes. */
const holeSize = 64 * 1024
const zeros = Buffer.alloc(holeSize)

const open = promisify(fs.open)
const read = promisify(fs.read)
const close = promisify(fs.close)

/** Whether a file takes less room on its disk than it has bytes. */
export function mayHaveHoles({ size, blocks }: fs.Stats): boolean {
  return size > holeSize && blocks * 512 < size
}

/**
 * Finds the parts of a file that are not zeros. The file is read for that, as Node has no way to ask for its holes; past the system's
 * cache where that can be done, which takes a tenth of a second for gigabytes of holes, and would take seconds to hold them all.
 */
export async function findExtents(file: LocalFile, signal?: AbortSignal): Promise<readonly TarExtent[]> {
  try {
    return await scan(file, readFlags | (fs.constants.O_DIRECT ?? 0), signal)
  } catch (error) {
    if (systemCode(error) !== 'EINVAL') throw error
    return await scan(file, readFlags, signal) // not every file system can
  }
}

async function scan(file: LocalFile, flags: number, signal: AbortSignal | undefined): Promise<readonly TarExtent[]> {
  const extents: TarExtent[] = []
  let data: TarExtent | undefined
  const descriptor = await open(file.path, flags)
  try {
    const buffer = alignedBuffer()
    let offset = 0
    for (let length = -1; length !== 0; offset += length) {
      if (signal?.aborted === true) throw abortError(signal)
      length = (await read(descriptor, buffer, 0, buffer.length, offset)).bytesRead
      for (let at = 0; at < length; at += holeSize) {
        const block = buffer.subarray(at, Math.min(at + holeSize, length))
        if (!block.equals(zeros.subarray(0, block.length))) {
          data = { offset: data?.offset ?? offset + at, length: (data?.length ?? 0) + block.length }
        } else if (data !== undefined) {
          extents.push(data)
          data = undefined
        }
      }
    }
    checkSize(file, offset)
  } finally {
    await close(descriptor)
  }
  return data === undefined ? extents : [...extents, data]
}

/** A part of JavaScript that the types of Node leave to those of browsers. */
declare const WebAssembly: { readonly Memory: new (descriptor: { readonly initial: number }) => { readonly buffer: ArrayBuffer } }

/** A megabyte that begins at a page of memory, as reads past the cache want it. */
function alignedBuffer(): Buffer {
  return Buffer.from(new WebAssembly.Memory({ initial: 16 }).buffer)
}

/** Reads parts of a file. Throws `TRANSFER_FAILED` when the file has become shorter or longer. */
export async function* readExtents(
  file: LocalFile,
  extents: readonly TarExtent[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const descriptor = await open(file.path, readFlags)
  try {
    checkSize(file, fs.fstatSync(descriptor).size)
    for (const { offset, length } of extents) {
      for (let at = 0; at < length;) {
        if (signal?.aborted === true) throw abortError(signal)
        const wanted = Math.min(chunkSize, length - at)
        const { bytesRead, buffer } = await read(descriptor, Buffer.allocUnsafeSlow(wanted), 0, wanted, offset + at)
        if (bytesRead === 0) checkSize(file, offset + at)
        yield buffer.subarray(0, bytesRead)
        at += bytesRead
      }
    }
  } finally {
    await close(descriptor)
  }
}
