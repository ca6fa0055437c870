import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

import { ImagoError, messageOf } from '@imago/core'

/** How long a process that has ended may go on holding its output through a child in the background, in milliseconds. */
const drainMs = 500

/** A process that was started, with its streams. */
export interface RunningProcess {
  /** As this machine counts. */
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code; 128 + n when signal n ended it. */
  readonly exited: Promise<number>
  /** It has ended, and its output was read: all of it, unless a process in the background goes on holding it. */
  readonly drained: Promise<void>
}

/**
 * Waits until a child has been started with these streams.
 * @throws ImagoError `COMMAND_FAILED` when it cannot be
 */
export async function runningProcess(
  child: ChildProcess,
  streams: Pick<RunningProcess, 'stdin' | 'stdout' | 'stderr'>,
): Promise<RunningProcess> {
  const { stdin, stdout, stderr } = streams
  const exited = exitOf(child)
  exited.catch(() => undefined) // whoever waits is told
  const ends = Promise.all([endOf(stdout), endOf(stderr)])
  const drained = exited.then(async () => {
    await Promise.race([ends, delay(drainMs, undefined, { ref: false })])
  })
  drained.catch(() => undefined)
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined) // a stream that breaks ends; the exit code says more
  if (child.pid !== undefined) return { pid: child.pid, stdin, stdout, stderr, exited, drained }
  const error: unknown = await exited.catch((reason: unknown) => reason)
  throw new ImagoError('COMMAND_FAILED', `'${child.spawnfile}' cannot be started: ${messageOf(error)}`, { cause: error })
}

async function exitOf(child: ChildProcess): Promise<number> {
  const [code, name]: unknown[] = await once(child, 'exit')
  return typeof code === 'number' ? code : 128 + constants.signals[name as NodeJS.Signals] // one of the two is given
}

function endOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve))
}
