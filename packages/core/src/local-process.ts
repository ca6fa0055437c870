import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

import type { ExecOptions, ExecResult } from './communicator.ts'
import { abortError, ImagoError, messageOf, systemCode } from './error.ts'
import { endProcessTree } from './process-tree.ts'

/** How long a program that has ended may go on holding its output through a child in the background. */
const drainMs = 500

/** A program to run on this machine. */
export interface LocalCommand extends ExecOptions {
  /** The program, by name or path, and its arguments. There is no shell in between. */
  readonly command: readonly string[]
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds between SIGTERM and SIGKILL when the signal ends it. @default 2000 */
  readonly killGraceMs?: number
}

/**
 * Runs a program on this machine and waits for its end. It leads a process group and session of its own.
 *
 * When the signal ends it, the program and all its descendants are killed before this rejects, those that ignore SIGTERM too. When
 * this process itself is killed, a guard kills the program's group. What a program leaves running in the background when it ends by
 * itself goes on; its output is taken for half a second more.
 * @throws ImagoError `TOOL_MISSING` when there is no such program, `INPUT_MISSING` when there is no such `cwd`, `COMMAND_FAILED` when
 * the program cannot be started; `CANCELLED` or `TIMEOUT` as the signal says. An exit code other than 0 is a result.
 */
export async function runLocal(options: LocalCommand): Promise<ExecResult> {
  const { signal } = options
  if (signal?.aborted === true) throw abortError(signal)
  const guard = startGuard()
  const { pid, stdin, stdout, stderr, exited, closed } = await start(options, guard)
  const abort = abortOf(signal)
  const source = asReadable(options.stdin)
  try {
    await Promise.race([exited, abort.promise, feed(source, stdin).then(() => exited)])
    const drained = delay(drainMs, undefined, { ref: false }).then(() => nextTurn()) // a turn more, in case the loop was blocked so long
    await Promise.race([closed, drained, abort.promise])
    return { exitCode: await exited }
  } catch (error) {
    await endProcessTree(pid, options.killGraceMs ?? 2000)
    throw error
  } finally {
    abort.stop()
    guard.dismiss()
    for (const stream of [source, stdin, stdout, stderr]) stream.destroy()
  }
}

interface StartedProgram {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code; 128 + n when signal n ended it. */
  readonly exited: Promise<number>
  /** It has ended, and nobody holds its output any more. */
  readonly closed: Promise<void>
}

async function start(options: LocalCommand, guard: Guard): Promise<StartedProgram> {
  const [program = '', ...args] = options.command
  try {
    const child = spawn(program, args, {
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      // A program of this machine gets this machine's environment: PATH, HOME, the agent's socket.
      ...(options.env !== undefined && { env: { ...process.env, ...options.env } }),
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    if (child.pid !== undefined) guard.watch(child.pid)
    const { stdin, stdout, stderr } = child
    const { onOutput } = options
    stdout.on('data', (chunk: Uint8Array) => onOutput?.('stdout', chunk))
    stderr.on('data', (chunk: Uint8Array) => onOutput?.('stderr', chunk))
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])))
    })
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve())
    })
    await once(child, 'spawn')
    if (child.pid === undefined) throw new ImagoError('INTERNAL', `'${program}' was started without a process id`)
    return { pid: child.pid, stdin, stdout, stderr, exited, closed }
  } catch (error) {
    guard.dismiss()
    throw await startError(error, program, options.cwd)
  }
}

async function startError(cause: unknown, program: string, cwd: string | undefined): Promise<unknown> {
  const code = systemCode(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    if (cwd !== undefined && !(await isDirectory(cwd))) {
      return new ImagoError('INPUT_MISSING', `there is no folder '${cwd}' to run '${program}' in`, { cause })
    }
    const hint = program.includes('/') ? 'check the path, and the interpreter that its first line names' : 'install it, or check PATH'
    return new ImagoError('TOOL_MISSING', `there is no program '${program}' on this machine`, { cause, hint })
  }
  const hint = code === 'EACCES' ? 'make it executable' : code === 'E2BIG' ? 'pass long values over stdin' : undefined
  return new ImagoError('COMMAND_FAILED', `'${program}' cannot be started: ${messageOf(cause)}`, {
    cause,
    ...(hint !== undefined && { hint }),
  })
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

function asReadable(stdin: ExecOptions['stdin']): Readable {
  if (stdin instanceof Readable) return stdin
  return Readable.from(stdin === undefined ? [] : [stdin])
}

/** Writes `source` to the program. One that ends, or closes its input, without reading all of it is no error: its exit code counts. */
async function feed(source: Readable, stdin: Writable): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    stdin.once('error', () => resolve()).once('close', () => resolve())
  })
  for await (const chunk of source) {
    if (!stdin.writable) return
    if (!stdin.write(chunk)) await Promise.race([gone, new Promise<void>((resolve) => stdin.once('drain', () => resolve()))])
  }
  stdin.end()
}

/** Rejects when the signal is aborted, until it is stopped. */
function abortOf(signal: AbortSignal | undefined): { readonly promise: Promise<never>; stop(): void } {
  const listening = new AbortController()
  const promise = new Promise<never>((_, reject) => {
    if (signal?.aborted === true) reject(abortError(signal))
    signal?.addEventListener('abort', () => reject(abortError(signal)), { signal: listening.signal })
  })
  return { promise, stop: () => listening.abort() }
}

interface Guard {
  watch(leader: number): void
  dismiss(): void
}

/**
 * Kills the group of `leader` when this process goes without a word: a shell that waits for another line or for the end of its input,
 * which the system closes with this process, however it ended. It is there before the program, and told of it in the same turn.
 */
function startGuard(): Guard {
  if (process.platform === 'win32') return { watch() {}, dismiss() {} }
  // A line names the leader, the next one dismisses; two are enough when there is no leader.
  const script = 'read -r leader && { read -r dismissed || kill -s KILL -- "-$leader"; }'
  const guard = spawn('/bin/sh', ['-c', script, 'imago-guard'], { stdio: ['pipe', 'ignore', 'ignore'], cwd: '/', detached: true })
  guard.on('error', withoutGuard)
  guard.stdin.on('error', withoutGuard)
  guard.unref()
  return {
    watch: (leader) => void guard.stdin.write(`${leader}\n`),
    dismiss: () => void guard.stdin.end('\n\n'),
  }
}

/** The program runs without a guard as well. */
function withoutGuard(): void {}
