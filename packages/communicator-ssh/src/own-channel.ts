import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

import type { ExecOptions, ExecResult } from '@imago/core'
import { abortError, ImagoError, killProcessTree, shellExports, shellJoin, shellQuote } from '@imago/core'

import type { SshConnection, SshProcess } from './connection.ts'
import { discard, shellTransport, writeTo } from './shell-transport.ts'

/** How long a process in the background may hold the outputs of a command that has ended, in milliseconds without a byte. */
const quietMs = 500

/** A script that runs in a shell with a channel of its own, and waits for its input. */
export interface RunningScript {
  readonly process: SshProcess
  /** The shell's process id; `undefined` when the script ended before its body. */
  readonly pid: number | undefined
  /** What the script's `prologue` printed. */
  readonly said: string
}

/** A POSIX shell script in two parts. */
export interface TwoPartScript {
  /** Runs first. What it prints is `said`; where it ends the shell, nothing more happens. */
  readonly prologue?: string
  /** Reads its input from the channel. */
  readonly body: string
}

/**
 * Starts a script whose input, output and errors are the channel's, byte for byte. The shell gets the script on its standard input, so
 * that nothing of it is in a process list and the user's login shell does not matter. Shells read their input in blocks: what is meant
 * for the body must not be sent before the shell has read the script to its end, which it says.
 */
export async function startScript(connection: SshConnection, { prologue = '', body }: TwoPartScript): Promise<RunningScript> {
  const process = await connection.exec('sh')
  const word = randomBytes(12).toString('hex')
  const begin = `\u0001${word}\n`
  const ready = Buffer.from(`\u0001${word} `)
  await writeTo(process, `{ printf '\\001%s\\n' ${word}\n${prologue}\nprintf '\\001%s %d\\n' ${word} "$$"\n${body}\nexit "$?"; }\n`)
  let received = Buffer.alloc(0)
  return await new Promise((resolve) => {
    const finish = (pid: number | undefined, end: number): void => {
      process.stdout.removeListener('data', onData).pause()
      const from = received.indexOf(begin)
      const said = from === -1 ? '' : received.subarray(from + begin.length, end).toString('utf8')
      resolve({ process, pid, said })
    }
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const at = received.indexOf(ready)
      const lineEnd = at === -1 ? -1 : received.indexOf('\n', at)
      if (lineEnd === -1) return
      const rest = received.subarray(lineEnd + 1)
      finish(Number(received.toString('latin1', at + ready.length, lineEnd)), at)
      if (rest.length > 0) process.stdout.unshift(rest)
    }
    process.stdout.on('data', onData)
    process.stdout.once('end', () => finish(undefined, received.length))
  })
}

/** Runs a command with any input, in a shell with a channel of its own. The contract is that of `Communicator.exec`. */
export async function runOnOwnChannel(
  connection: SshConnection,
  command: string | readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const { process, pid } = await startScript(connection, { body: scriptOf(command, options) })
  const { onOutput = () => undefined, signal } = options
  const source = inputOf(options.stdin)
  process.stdout.on('data', (chunk: Buffer) => onOutput('stdout', chunk)).resume()
  process.stderr.on('data', (chunk: Buffer) => onOutput('stderr', chunk))
  const abort = abortOf(signal)
  try {
    const ended = exitCodeOf(process, connection)
    const fed = feed(process, source)
    return { exitCode: await Promise.race([ended, abort.promise, fed.then(() => ended)]) }
  } catch (error) {
    discard(process.stdout, process.stderr)
    if (signal?.aborted === true && pid !== undefined && connection.broken === undefined) await killTree(connection, pid)
    throw error
  } finally {
    abort.stop()
    source.destroy()
    process.close()
  }
}

/** Kills a process of the machine and everything it started, as well as that can be done. */
export async function killTree(connection: SshConnection, pid: number): Promise<void> {
  const open = async () => shellTransport(await connection.exec('sh'), connection)
  await killProcessTree(open, { pid }).catch(() => undefined) // the caller has an error to throw already
}

/**
 * The exit code of a process, once its output is complete: its channel has closed or, when something in the background still holds it,
 * nothing came for a while.
 * @throws why the connection broke, or `DISCONNECTED` when the server tells no exit code.
 */
export async function exitCodeOf(process: SshProcess, connection: SshConnection): Promise<number> {
  const code = await process.exited
  if (code === undefined) {
    throw connection.broken ?? new ImagoError('DISCONNECTED', `${connection.target} ended a command without saying how`)
  }
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, quietMs)
    for (const stream of [process.stdout, process.stderr]) stream.on('data', () => timer?.refresh())
  })
  await Promise.race([process.closed, quiet])
  clearTimeout(timer)
  return code
}

/**
 * Sends all of a stream to a process, piece by piece: a piece is asked for when the one before it has left. One that ends without reading
 * all of it is no error: its exit code counts.
 */
export async function feed(process: SshProcess, source: AsyncIterable<unknown>): Promise<void> {
  let over = false
  void process.exited.then(() => (over = true))
  for await (const chunk of source) {
    if (over || !process.stdin.writable) return
    const sent = new Promise<void>((resolve) => process.stdin.write(chunk, () => resolve())) // also when it fails: its end is told
    await Promise.race([sent, process.exited])
  }
  process.stdin.end()
}

/** A promise that rejects when the signal aborts. */
export function abortOf(signal: AbortSignal | undefined): { readonly promise: Promise<never>; stop(): void } {
  const listening = new AbortController()
  const promise = new Promise<never>((_, reject) => {
    if (signal?.aborted === true) reject(abortError(signal))
    signal?.addEventListener('abort', () => reject(abortError(signal)), { signal: listening.signal })
  })
  promise.catch(() => undefined) // whoever waits is told; at other times nobody does
  return { promise, stop: () => listening.abort() }
}

function inputOf(stdin: ExecOptions['stdin']): Readable {
  if (stdin instanceof Readable) return stdin
  return Readable.from(stdin === undefined || stdin.length === 0 ? [] : [Buffer.from(stdin)])
}

/** The command in a subshell, which keeps `exit`, `exec` and `cd` from the script around it. */
function scriptOf(command: string | readonly string[], { env = {}, cwd }: ExecOptions): string {
  const words = typeof command === 'string' ? [command] : command
  if ([...words, ...Object.values(env), cwd ?? ''].some((word) => word.includes('\0'))) {
    throw new ImagoError('UNSUPPORTED', 'a command, its directory or its environment contains a NUL character')
  }
  const badName = Object.keys(env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (badName !== undefined) throw new ImagoError('UNSUPPORTED', `'${badName}' is not a name of an environment variable`)
  const enter = cwd === undefined ? '' : `CDPATH= cd -- ${shellQuote(cwd)} || exit 126\n`
  const run = typeof command === 'string' ? `eval ${shellQuote(` ${command}`)}` : `exec ${shellJoin(command)}`
  return `(\n${enter}${shellExports(env)}${run}\n)`
}
