import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

import type { ExecOptions, ExecResult } from '@imago/core'
import { abortError, ImagoError, killProcessTree, shellJoin, shellQuote } from '@imago/core'
import type { RunningExec } from '@imago/docker-engine'

import type { BuildContainer } from './build-container.ts'
import { lossOf, openShell } from './container-shell.ts'

/** The kernel takes no longer string in an environment (MAX_ARG_STRLEN). */
const maxCommandBytes = 128 * 1024 - 100
/** How often to ask whether a command has ended whose output is still open. */
const pollMs = 500
/** How long a command that has ended may go on holding its output through a child in the background. */
const drainMs = 200

/** What {@link runProcess} takes beside the contract's options. */
export interface ProcessOptions extends ExecOptions {
  /** Run as root, with none of the container's settings. @default false */
  readonly root?: boolean
}

/**
 * Runs one command as a process of its own: 50 ms where a session takes 2, but any input will do. With a shell, the command's text and
 * environment stand in the process's environment, not in a process list, and a signal kills its tree; without one, a signal restarts
 * the container.
 */
export async function runProcess(
  container: BuildContainer,
  command: string | readonly string[],
  options: ProcessOptions = {},
): Promise<ExecResult> {
  if (options.signal?.aborted === true) throw abortError(options.signal)
  const abort = abortOf(options.signal)
  const pid = new PidReader()
  let process: RunningExec | undefined
  try {
    process = await start(container, processRequest(container, command, options), options, abort, pid)
    return { exitCode: await Promise.race([outcome(container, process), feed(options.stdin, process.stdin), abort.promise]) }
  } catch (error) {
    if (process !== undefined && (abort.isAborted() || error instanceof InputError)) await end(container, process, pid)
    throw error instanceof InputError ? error.cause : error
  } finally {
    abort.stop()
    process?.close()
  }
}

function start(
  { engine, name }: BuildContainer,
  { tellsPid, ...request }: ProcessRequest,
  { stdin, signal, onOutput }: ProcessOptions,
  abort: Abort,
  pid: PidReader,
): Promise<RunningExec> {
  return engine.containers.exec(name, {
    ...request,
    stdin: stdin !== undefined,
    signal,
    onOutput: (stream, chunk) => {
      const output = tellsPid && stream === 'stderr' ? pid.read(chunk) : chunk
      if (output.length > 0 && !abort.isAborted()) onOutput?.(stream, output)
    },
  })
}

interface ProcessRequest {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user?: string
  readonly cwd: string
  /** Whether the first line on standard error is the process id. */
  readonly tellsPid: boolean
}

function processRequest(container: BuildContainer, command: string | readonly string[], options: ProcessOptions): ProcessRequest {
  const { shell } = container
  const { cwd, root = false } = options
  const settings = root ? { user: '0:0', cwd: '/' } : { user: container.user, cwd: container.workdir }
  const env = { ...(!root && container.env), ...options.env }
  if (shell === undefined) {
    if (typeof command !== 'string') return { ...settings, command, env, cwd: cwd ?? settings.cwd, tellsPid: false }
    throw new ImagoError('UNSUPPORTED', `image ${container.image} has no /bin/sh to run a shell command with`, {
      hint: 'give the command as a list of words, name the image’s shell with the option shell, or start from another image',
    })
  }
  const enter = cwd === undefined ? '' : `CDPATH= cd -- ${shellQuote(cwd)} || exit 126\n`
  const text = `unset IMAGO_COMMAND\n${enter}${typeof command === 'string' ? command : `exec ${shellJoin(command)}`}`
  if (Buffer.byteLength(text) > maxCommandBytes) {
    throw new ImagoError('UNSUPPORTED', 'a command of more than 128 KB cannot have binary or long input', {
      hint: 'upload the script, and run it from there',
    })
  }
  const wrapper = `printf '%d\\n' $$ >&2; eval "$IMAGO_COMMAND"`
  return { ...settings, command: [shell, '-c', wrapper], env: { ...env, IMAGO_COMMAND: text }, tellsPid: true }
}

/** Takes the process id off the beginning of an output. */
class PidReader {
  value: number | undefined
  #line = ''

  /** Answers with what is left of the chunk. */
  read(chunk: Uint8Array): Uint8Array {
    if (this.value !== undefined) return chunk
    const lineEnd = chunk.indexOf(10)
    this.#line += Buffer.from(lineEnd === -1 ? chunk : chunk.subarray(0, lineEnd)).toString('latin1')
    if (lineEnd === -1) return chunk.subarray(chunk.length)
    this.value = Number(this.#line)
    return chunk.subarray(lineEnd + 1)
  }
}

/** An error of what should have been the command's input. */
class InputError extends Error {}

/** Sends the input. Never resolves; rejects when the input itself fails. A command that does not read it all is no error. */
async function feed(stdin: ExecOptions['stdin'], to: Writable): Promise<never> {
  if (stdin instanceof Readable) {
    const failure: { cause?: unknown } = stdin.errored === null ? {} : { cause: stdin.errored }
    stdin.once('error', (error) => (to.destroyed ? undefined : (failure.cause = error)))
    await pipeline(stdin, to).catch(() => undefined)
    if ('cause' in failure) throw new InputError('no input', failure)
  } else if (stdin !== undefined) {
    to.end(stdin)
  }
  return await new Promise<never>(() => undefined)
}

/** Waits for the exit code. Output may end before the command does, and, through a child in the background, long after it. */
async function outcome(container: BuildContainer, process: RunningExec): Promise<number> {
  let isAtEnd = false
  void process.ended.then(() => (isAtEnd = true))
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, pollMs)) {
    await Promise.race([process.ended, delay(pollMs, undefined, { ref: false })])
    const exitCode = await exitCodeOf(container, process)
    if (exitCode !== undefined) {
      await Promise.race([process.ended, delay(drainMs, undefined, { ref: false })])
      return exitCode
    }
    if (!isAtEnd) continue
    await throwIfLost(container, 0)
    await delay(waitMs)
  }
}

async function exitCodeOf(container: BuildContainer, process: RunningExec): Promise<number | undefined> {
  const exitCode = await process.exitCode().catch(async (error: unknown) => {
    throw (await lossOf(container)) ?? error // an engine that has removed the container knows nothing of the command either
  })
  if (exitCode === 137) await throwIfLost(container, 100) // it was killed, perhaps with everything else
  return exitCode
}

async function throwIfLost(container: BuildContainer, withinMs: number): Promise<void> {
  const loss = await lossOf(container, withinMs)
  if (loss !== undefined) throw loss
}

/** Ends a command that is no longer wanted. */
async function end(container: BuildContainer, process: RunningExec, pid: PidReader): Promise<void> {
  const { shell } = container
  if (shell === undefined) return await container.restart()
  for (let waitMs = 1; pid.value === undefined && waitMs < 2000; waitMs *= 2) await Promise.race([process.ended, delay(waitMs)])
  if (pid.value !== undefined) await killProcessTree(() => openShell(container, { shell, root: true }), { pid: pid.value })
}

/** What a signal does to a wait. */
interface Abort {
  /** Rejects when the signal aborts. */
  readonly promise: Promise<never>
  isAborted(): boolean
  stop(): void
}

function abortOf(signal: AbortSignal | undefined): Abort {
  const listening = new AbortController()
  const promise = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(abortError(signal)), { signal: listening.signal })
  })
  promise.catch(() => undefined) // whoever waits is told; at other times nobody does
  return { promise, isAborted: () => signal?.aborted === true, stop: () => listening.abort() }
}
