import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'

import { runTool } from '../host/run-tool.ts'

/** The standard streams of a process that is about to start. */
export interface Pipes {
  readonly stdin: Socket
  readonly stdout: Socket
  readonly stderr: Socket
  /** Descriptors for the process: its standard input, output and error. Close them when it has started. */
  readonly ends: readonly [number, number, number]
  closeEnds(): void
}

/**
 * Makes pipes as pipe(2) does. Node gives its children sockets instead, which `/dev/stdin` and `/dev/stderr` cannot be opened on: scripts
 * that say `echo oops >/dev/stderr` fail there, and work in every container.
 * @param directory where they have names for a moment
 */
export async function openPipes(directory: string, signal: AbortSignal): Promise<Pipes> {
  const folder = await mkdtemp(join(directory, 'pipes-'))
  try {
    const [input, output, error] = ['in', 'out', 'err'].map((name) => join(folder, name)) as [string, string, string] // three names
    await runTool('mkfifo', ['-m', '666', input, output, error], { signal }) // whoever the process becomes may open its own streams again
    const [stdin, inputEnd] = writeEnd(input)
    const [stdout, outputEnd] = readEnd(output)
    const [stderr, errorEnd] = readEnd(error)
    const ends = [inputEnd, outputEnd, errorEnd] as const
    return { stdin, stdout, stderr, ends, closeEnds: () => ends.forEach((end) => closeSync(end)) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Our end does not block; the other end does, as programs expect. Each is opened when the other one is there: see fifo(7). */
function readEnd(path: string): readonly [Socket, number] {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return [new Socket({ fd: descriptor, readable: true, writable: false }), openSync(path, constants.O_WRONLY)]
}

function writeEnd(path: string): readonly [Socket, number] {
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const end = openSync(path, constants.O_RDONLY)
  closeSync(first)
  return [new Socket({ fd: descriptor, readable: false, writable: true }), end]
}
