import { PassThrough, Readable } from 'node:stream'

import { ImagoError, isImagoError, runLocal } from '@imago/core'

import type { Parts } from './output-file.ts'
import type { ZstdOptions } from './zstd.ts'

/** From here on the program wants to hear that much memory may be used. */
const ultraFrom = 20

/**
 * Compresses with the program `zstd`.
 * @throws ImagoError `TOOL_MISSING` when there is none, `COMMAND_FAILED` with what it said when it fails.
 */
export async function* zstdProgram(
  source: AsyncIterable<Uint8Array>,
  { level, threads, signal }: Omit<ZstdOptions, 'pool'>,
  program = 'zstd',
): AsyncGenerator<Parts, void, void> {
  const unwanted = new AbortController()
  const output = new PassThrough({ highWaterMark: 1 << 20 })
  let complaints = ''
  const running = runLocal({
    command: [program, '-q', '-c', `-T${threads}`, ...(level >= ultraFrom ? ['--ultra'] : []), `-${level}`],
    stdin: Readable.from(source),
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

function noZstd(cause: Error): ImagoError {
  return new ImagoError('TOOL_MISSING', "this version of Node has no zstd of its own, and there is no program 'zstd' on this machine", {
    cause,
    hint: "install zstd, use Node 22.15 or newer, or give the output a name that ends in '.tar.gz'",
  })
}
