import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

import type { ShellTransport } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { SshConnection, SshProcess } from './connection.ts'

/**
 * A shell of the machine as core's sessions want it. What the user's login scripts print before it is dropped: the shell first says a
 * random word, and output begins behind it.
 */
export function shellTransport(process: SshProcess, connection: SshConnection): ShellTransport {
  const word = randomBytes(12).toString('hex')
  process.stdin.write(`echo ${word}\n`)
  return {
    write: (chunk) => writeTo(process, chunk),
    onOutput(listener) {
      process.stderr.on('data', (chunk: Buffer) => listener('stderr', chunk))
      const skip = skipPast(`${word}\n`)
      process.stdout.on('data', (chunk: Buffer) => {
        const rest = skip(chunk)
        if (rest.length > 0) listener('stdout', rest)
      })
    },
    closed: process.closed.then(() => connection.broken ?? new ImagoError('DISCONNECTED', `the shell on ${connection.target} has ended`)),
    async close() {
      process.stdin.end()
      process.close()
      discard(process.stdout, process.stderr)
      await Promise.race([process.closed, connection.closed])
    },
  }
}

/** Writes when there is room; resolves at once when the process is gone. */
export async function writeTo({ stdin, closed }: SshProcess, chunk: string | Uint8Array): Promise<void> {
  if (!stdin.writable || stdin.write(chunk)) return
  await Promise.race([drained(stdin), closed])
}

/** Reads what nobody wants, so that the channel can close. */
export function discard(...streams: readonly Readable[]): void {
  for (const stream of streams) stream.removeAllListeners('data').resume()
}

async function drained(stdin: Writable): Promise<void> {
  await once(stdin, 'drain').catch(() => undefined) // the end of the process tells more
}

/** Drops everything up to the first `mark`. */
function skipPast(mark: string): (chunk: Buffer) => Buffer {
  let held: Buffer | undefined = Buffer.alloc(0)
  return (chunk) => {
    if (held === undefined) return chunk
    held = Buffer.concat([held, chunk])
    const at = held.indexOf(mark)
    if (at === -1) {
      held = held.subarray(-mark.length)
      return Buffer.alloc(0)
    }
    const rest = held.subarray(at + mark.length)
    held = undefined
    return rest
  }
}
