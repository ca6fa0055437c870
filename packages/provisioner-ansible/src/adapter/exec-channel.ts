import { PassThrough } from 'node:stream'
import type { Duplex, Writable } from 'node:stream'

import type { Communicator } from '@imago/core'
import { messageOf } from '@imago/core'

/** What `ssh` itself ends with when something is wrong with the connection; Ansible then calls a host unreachable. */
const connectionFailed = 255

/** A command's channel, as the server sees it: what is written to it is the command's standard output. */
export interface ExecChannel extends Duplex {
  readonly stderr: Writable
  exit(code: number): void
}

/** Runs a command of a client in the machine. It is killed when the client goes away. */
export async function runInChannel(machine: Communicator, command: string, channel: ExecChannel, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  const closed = new Promise<void>((resolve) => {
    const onGone = (): void => {
      gone.abort()
      resolve()
    }
    channel.once('close', onGone).on('error', onGone)
  })
  // a stream of its own: a communicator destroys its input when the command has ended, and the channel still has to say how
  const stdin = channel.pipe(new PassThrough())
  stdin.on('error', () => undefined) // a command need not read its input
  const written = { stdout: Promise.resolve(), stderr: Promise.resolve() }
  const write = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    written[stream] = writeTo(stream === 'stdout' ? channel : channel.stderr, chunk)
  }
  let exitCode = connectionFailed
  try {
    const result = await machine.exec(command, { stdin, signal: AbortSignal.any([signal, gone.signal]), onOutput: write })
    exitCode = result.exitCode
  } catch (error) {
    if (!gone.signal.aborted) write('stderr', Buffer.from(`${messageOf(error)}\n`))
  }
  channel.unpipe(stdin)
  await Promise.race([Promise.all([written.stdout, written.stderr]), closed]) // a client may be slow to take it
  if (gone.signal.aborted) return
  channel.exit(exitCode)
  channel.end()
}

/** Resolves when a chunk, and all before it, has gone over. */
function writeTo(stream: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(Buffer.from(chunk), () => resolve())
  })
}
