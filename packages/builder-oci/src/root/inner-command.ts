import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'

import type { ExecOptions, ExecResult } from '@imago/core'
import { abortError } from '@imago/core'

import { killTree } from './process-transport.ts'
import type { RunningProcess } from './running-process.ts'

/** Milliseconds between SIGTERM and SIGKILL. */
const killGraceMs = 2000

/** Feeds a process, hands on its output, and waits for its end. When the signal ends it, its whole tree is killed first. */
export async function finishProcess(running: RunningProcess, options: ExecOptions): Promise<ExecResult> {
  const { signal, onOutput } = options
  const source = options.stdin instanceof Readable ? options.stdin : Readable.from(options.stdin === undefined ? [] : [options.stdin])
  running.stdout.on('data', (chunk: Uint8Array) => onOutput?.('stdout', chunk))
  running.stderr.on('data', (chunk: Uint8Array) => onOutput?.('stderr', chunk))
  const listening = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal === undefined ? undefined : abortError(signal))
    signal?.addEventListener('abort', abort, { signal: listening.signal })
    if (signal?.aborted === true) abort()
  })
  try {
    const fed = feed(source, running.stdin)
    await Promise.race([running.exited, aborted, fed.then(() => running.exited)])
    await Promise.race([running.drained, aborted])
    return { exitCode: await running.exited }
  } catch (error) {
    await killTree(running.pid, killGraceMs)
    throw error
  } finally {
    listening.abort()
    for (const stream of [source, running.stdin, running.stdout, running.stderr]) stream.destroy()
  }
}

/** Writes `source` to a process. One that ends, or closes its input, without reading all of it is no error: its exit code counts. */
async function feed(source: Readable, stdin: Writable): Promise<void> {
  const gone = new Promise<void>((resolve) => stdin.once('close', resolve))
  for await (const chunk of source) {
    if (!stdin.writable) return
    if (!stdin.write(chunk)) await Promise.race([gone, new Promise<void>((resolve) => stdin.once('drain', resolve))])
  }
  stdin.end()
}
