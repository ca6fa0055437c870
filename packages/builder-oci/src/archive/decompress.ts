import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib, { createGunzip } from 'node:zlib'

import { abortError, ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

/** How a file is compressed, by its first bytes. */
export type Compression = 'gzip' | 'zstd' | 'xz' | 'none'

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
]

/** Bytes that are decompressed while the reader is busy. */
const readAhead = 4 * 1024 * 1024
const gunzipOptions = { chunkSize: 256 * 1024, highWaterMark: readAhead }

/** Looks at the first bytes of a file. */
export async function compressionOf(path: string): Promise<Compression> {
  const file: FileHandle = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(6), 0, 6, 0)
    return magics.find(([, magic]) => magic.every((byte, index) => buffer[index] === byte))?.[0] ?? 'none'
  } finally {
    await file.close()
  }
}

/**
 * Reads a file and decompresses it, however it is compressed: gzip; zstd, by Node where it can and else by the program `zstd`; xz by
 * the program `xz`.
 * The stream fails with `TRANSFER_FAILED` for broken data, `TOOL_MISSING`, and `CANCELLED` or `TIMEOUT` when the signal says so.
 */
export async function readDecompressed(path: string, signal: AbortSignal): Promise<Readable> {
  const compression = await compressionOf(path)
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 })
  if (compression === 'none') return file
  return Readable.from(decompressed(file, compression, path, signal), { objectMode: false, highWaterMark: readAhead })
}

async function* decompressed(
  file: Readable,
  compression: Exclude<Compression, 'none'>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const decoder = compression === 'gzip' ? createGunzip(gunzipOptions) : zstdDecoder(compression)
    yield* decoder === undefined ? byProgram(file, compression, signal) : byNode(file, decoder, signal)
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    if (isImagoError(error)) throw error
    throw new ImagoError('TRANSFER_FAILED', `'${path}' cannot be decompressed: ${messageOf(error)}`, { cause: error })
  }
}

/** Node 22.15 and newer have one. */
function zstdDecoder(compression: 'zstd' | 'xz'): Duplex | undefined {
  const create: unknown = compression === 'zstd' ? Reflect.get(zlib, 'createZstdDecompress') : undefined
  return typeof create === 'function' ? (create() as Duplex) : undefined // says its documentation; the types are those of Node 20
}

async function* byNode(file: Readable, decoder: Duplex, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = pipeline(file, decoder, { signal })
  feeding.catch(() => undefined) // awaited below, unless the reader leaves early
  try {
    yield* decoder as AsyncIterable<Uint8Array> // decoders give bytes
    await feeding
  } finally {
    file.destroy()
    decoder.destroy()
  }
}

async function* byProgram(file: Readable, program: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'], signal })
  const ended = once(child, 'close')
  ended.catch(() => undefined) // awaited below
  const feeding = pipeline(file, child.stdin)
  feeding.catch(() => undefined) // the program's exit code says more
  const said: Uint8Array[] = []
  child.stderr.on('data', (chunk: Uint8Array) => said.push(chunk))
  try {
    yield* child.stdout
    const [code]: unknown[] = await ended
    if (code === 0) return
    throw new ImagoError('TRANSFER_FAILED', `${program} failed (exit code ${String(code)}): ${Buffer.concat(said).toString().trim()}`)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    throw new ImagoError('TOOL_MISSING', `there is no program '${program}' on this machine`, {
      cause: error,
      hint: `install ${program}, or use an archive that is compressed with gzip`,
    })
  } finally {
    child.kill('SIGKILL')
  }
}
