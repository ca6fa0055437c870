import { open } from 'node:fs/promises'

import { wait } from '@imago/core'

/** How often a file is looked at, in milliseconds. */
const pollMs = 50
const chunkBytes = 64 * 1024

/** Hands on what is written to a file, from its beginning, until the signal is aborted. The file need not be there yet. Never throws. */
export async function followFile(path: string, onChunk: (chunk: Uint8Array) => void, signal: AbortSignal): Promise<void> {
  let position = 0
  while (!signal.aborted) {
    position = await readFrom(path, position, onChunk).catch(() => position) // it is not there yet
    await wait(pollMs, signal).catch(() => undefined) // the end
  }
}

/** @returns the end of what has been read */
async function readFrom(path: string, start: number, onChunk: (chunk: Uint8Array) => void): Promise<number> {
  await using file = await open(path)
  for (let position = start; ;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(chunkBytes), 0, chunkBytes, position)
    if (bytesRead === 0) return position
    onChunk(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}
