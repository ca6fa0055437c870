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
  close(): void
}

/** Runs a command of a client in the machine. It is killed when the client goes away. */
export async function runInChannel(machine: Communicator, command: string, channel: ExecChannel, signal: AbortSignal): Promise<void> {
  const gone = new AbortController()
  channel.once('close', () => gone.abort())
  channel.on('error', () => gone.abort())
  // a stream of its own: a communicator destroys its input when the command has ended, and the channel still has to say how
  const stdin = channel.pipe(new PassThrough())
  stdin.on('error', () => undefined) // a command need not read its input
  try {
    const { exitCode } = await machine.exec(command, {
      stdin,
      signal: AbortSignal.any([signal, gone.signal]),
      onOutput: (stream, chunk) => void (stream === 'stdout' ? channel : channel.stderr).write(Buffer.from(chunk)),
    })
    channel.exit(exitCode)
  } catch (error) {
    if (!gone.signal.aborted) {
      channel.stderr.write(`${messageOf(error)}\n`)
      channel.exit(connectionFailed)
    }
  } finally {
    channel.unpipe(stdin)
    channel.end()
    channel.close()
  }
}
