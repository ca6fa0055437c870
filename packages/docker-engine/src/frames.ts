import { finished } from 'node:stream/promises'
import type { Readable } from 'node:stream'

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void

const headerSize = 8

/**
 * Hands on the two outputs of an exec, or of a container, as they come. The engine sends them in frames: a byte that says which (1, 2), three zeros, and
 * the length in four bytes, big-endian. Resolves when the connection is at its end, however it ended.
 */
export async function readFrames(connection: Readable, onOutput: OnOutput): Promise<void> {
  const parser = new FrameParser(onOutput)
  connection.on('data', (chunk: Buffer) => parser.push(chunk))
  await finished(connection, { writable: false }).catch(() => undefined) // whoever needs to know asks how the exec ended
}

class FrameParser {
  readonly #onOutput: OnOutput
  #header: Buffer = Buffer.alloc(0)
  /** Bytes that are left of the current frame. */
  #left = 0
  #stream: 'stdout' | 'stderr' = 'stdout'

  constructor(onOutput: OnOutput) {
    this.#onOutput = onOutput
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const part = chunk.subarray(at, at + this.#left)
        at += part.length
        this.#left -= part.length
        this.#onOutput(this.#stream, part)
        continue
      }
      const part = chunk.subarray(at, at + headerSize - this.#header.length)
      at += part.length
      this.#header = this.#header.length === 0 ? part : Buffer.concat([this.#header, part])
      if (this.#header.length < headerSize) return
      this.#stream = this.#header[0] === 2 ? 'stderr' : 'stdout'
      this.#left = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
  }
}
