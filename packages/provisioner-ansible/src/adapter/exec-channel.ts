import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'

import type { Communicator } from '@imago/core'
import { messageOf } from '@imago/core'

/** What `ssh` itself ends with when something is wrong with the connection; Ansible then calls a host unreachable. */
const connectionFailed = 255

/** A command's channel, as the server sees it. */
export interface ExecChannel {
  /** What the client sends. */
  readonly stdin: Readable
  /** Resolves when the channel is no more, because it was ended or because the client has gone. */
  readonly closed: Promise<void>
  /** Resolves when the client has room for more. One at a time. */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>
  /** Says how the command ended, and closes the channel. */
  end(exitCode: number): void
}

/** Runs a command of a client in the machine. It is killed when the client goes away. */
export async function runInChannel(machine: Communicator, command: string, channel: ExecChannel, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  void channel.closed.then(() => gone.abort())
  // a stream of its own: a communicator destroys its input when the command has ended, and the channel still has to say how
  const stdin = channel.stdin.pipe(new PassThrough())
  stdin.on('error', () => undefined) // a command need not read its input
  let written = Promise.resolve()
  const write = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    const copy = Buffer.from(chunk)
    written = written.then(() => channel.write(stream, copy))
  }
  let exitCode = connectionFailed
  try {
    const result = await machine.exec(command, { stdin, signal: AbortSignal.any([signal, gone.signal]), onOutput: write })
    exitCode = result.exitCode
  } catch (error) {
    if (!gone.signal.aborted) write('stderr', Buffer.from(`${messageOf(error)}\n`))
  }
  channel.stdin.unpipe(stdin)
  await Promise.race([written, channel.closed]) // a client may be slow to take it
  if (!gone.signal.aborted) channel.end(exitCode)
}
