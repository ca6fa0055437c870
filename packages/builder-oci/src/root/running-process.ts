import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

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

/** The streams that a child was started with, and how it ends. */
export function runningProcess(child: ChildProcess, streams: Pick<RunningProcess, 'stdin' | 'stdout' | 'stderr'>): RunningProcess {
  const { stdin, stdout, stderr } = streams
  const exited = exitOf(child)
  const ends = Promise.all([endOf(stdout), endOf(stderr)])
  const drained = exited.then(async () => {
    await Promise.race([ends, delay(drainMs, undefined, { ref: false })])
  })
  for (const promise of [exited, drained]) promise.catch(() => undefined) // whoever waits is told
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined) // a stream that breaks ends; the exit code says more
  return { pid: child.pid ?? 0, stdin, stdout, stderr, exited, drained }
}

async function exitOf(child: ChildProcess): Promise<number> {
  const [code, name]: unknown[] = await once(child, 'exit')
  return typeof code === 'number' ? code : 128 + constants.signals[name as NodeJS.Signals] // one of the two is given
}

function endOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve))
}
