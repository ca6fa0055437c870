import { PassThrough, Readable } from 'node:stream'

import { ImagoError, isImagoError, runLocal } from '@imago/core'

import type { BufferPool } from './buffer-pool.ts'
import type { Parts } from './output-file.ts'
import type { ZstdOptions } from './zstd.ts'

/** From here on the program wants to hear that much memory may be used. */
const ultraFrom = 20

/** What the program compresses: bytes of ours, or an open file that it reads by itself. */
export type ProgramInput = { readonly source: AsyncIterable<Uint8Array> } | { readonly descriptor: number }

/**
 * Compresses with the program `zstd`.
 * @throws ImagoError `TOOL_MISSING` when there is none, `COMMAND_FAILED` with what it said when it fails.
 */
export async function* zstdProgram(
  input: ProgramInput,
  { level, threads, pool, signal }: ZstdOptions,
  program = 'zstd',
): AsyncGenerator<Parts, void, void> {
  const unwanted = new AbortController()
  const output = new PassThrough({ highWaterMark: 1 << 20 })
  let complaints = ''
  const running = runLocal({
    command: [program, '-q', '-c', `-T${threads}`, ...(level >= ultraFrom ? ['--ultra'] : []), `-${level}`],
    ...('descriptor' in input
      ? { stdinFile: input.descriptor }
      : { stdin: Readable.from(givenBack(input.source, pool), { highWaterMark: 1 }) }),
    stdout: output,
    onOutput: (_, chunk) => (complaints += Buffer.from(chunk).toString()),
    signal: AbortSignal.any([signal, unwanted.signal]),
  })
  running.catch((error: Error) => output.destroy(isImagoError(error, 'TOOL_MISSING') ? noZstd(error) : error))
  try {
    for await (const chunk of output) yield [chunk]
    const { exitCode } = await running
    if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `zstd failed: ${complaints.trim()}`, { exitCode })
  } finally {
    unwanted.abort()
    await Promise.allSettled([running])
  }
}

/** Gives each chunk back when the one after it is taken: its reader, who holds one and has the next one ready, is done with it then. */
async function* givenBack(source: AsyncIterable<Uint8Array>, pool: BufferPool): AsyncGenerator<Uint8Array, void, void> {
  let before: Uint8Array | undefined
  for await (const chunk of source) {
    yield chunk
    if (before !== undefined) pool.give(before)
    before = chunk
  }
}

function noZstd(cause: Error): ImagoError {
  return new ImagoError('TOOL_MISSING', "this version of Node has no zstd of its own, and there is no program 'zstd' on this machine", {
    cause,
    hint: "install zstd, use Node 22.15 or newer, or give the output a name that ends in '.tar.gz'",
  })
}
