import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'

import { abortError, ImagoError, messageOf } from '@imago/core'

import type { ChecksumAlgorithm } from './checksum.ts'

/** Bytes that are read at once: two buffers of this size are all the memory that a file takes. */
const chunkSize = 1 << 20

/** How to read a file. */
export interface DigestOptions {
  readonly signal: AbortSignal
  /** Told how many bytes more have been read. */
  readonly onRead: (bytes: number) => void
}

/** What was found out about a file. */
export interface FileDigests {
  /** Bytes. */
  readonly size: number
  /** In hex. */
  readonly digests: ReadonlyMap<ChecksumAlgorithm, string>
}

/**
 * Computes digests of a file by all algorithms at once, and reads it once: the next bytes while the last ones are worked on.
 * @throws ImagoError `INPUT_MISSING` when it cannot be read, `UNSUPPORTED` for an algorithm that this Node does without, `CANCELLED`
 */
export async function digestFile(
  path: string,
  algorithms: readonly ChecksumAlgorithm[],
  { signal, onRead }: DigestOptions,
): Promise<FileDigests> {
  const hashes = algorithms.map((algorithm) => [algorithm, startHash(algorithm)] as const)
  let size = 0
  for await (const chunk of chunksOf(path)) {
    if (signal.aborted) throw abortError(signal)
    for (const [, hash] of hashes) hash.update(chunk)
    size += chunk.length
    onRead(chunk.length)
  }
  return { size, digests: new Map(hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')])) }
}

function startHash(algorithm: ChecksumAlgorithm): Hash {
  try {
    return createHash(algorithm)
  } catch (error) {
    throw new ImagoError('UNSUPPORTED', `this Node cannot compute ${algorithm}: ${messageOf(error)}`, {
      cause: error,
      hint: 'use sha256',
    })
  }
}

/** Each chunk is good until the next one is asked for. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array, void, void> {
  let file: FileHandle | undefined
  let ahead: Promise<Uint8Array> | undefined
  try {
    file = await open(path)
    let current = Buffer.allocUnsafeSlow(chunkSize)
    let other = Buffer.allocUnsafeSlow(chunkSize)
    ahead = readInto(file, current)
    for (let chunk = await ahead; chunk.length > 0; chunk = await ahead) {
      ;[current, other] = [other, current]
      ahead = readInto(file, current)
      yield chunk
    }
  } catch (error) {
    throw new ImagoError('INPUT_MISSING', `'${path}' cannot be read: ${messageOf(error)}`, { cause: error })
  } finally {
    await Promise.allSettled([ahead])
    await file?.close()
  }
}

async function readInto(file: FileHandle, buffer: Buffer): Promise<Uint8Array> {
  const { bytesRead } = await file.read(buffer)
  return buffer.subarray(0, bytesRead)
}
