import type { ExecOptions, ExecResult } from './communicator.ts'
import { abortError, ImagoError } from './error.ts'
import { shellExports, shellJoin, shellQuote } from './posix.ts'
import { endRemoteTree } from './remote-process-tree.ts'
import { ShellChannel } from './shell-channel.ts'

/** The three streams of a running `sh`, and how it ends. */
export interface ShellTransport {
  /** Writes to the shell's standard input; resolves when more can be written, or when the shell is gone: `closed` says why. */
  write(chunk: string | Uint8Array): Promise<void>
  /** Takes all output from now on. Called once, before anything is written. */
  onOutput(listener: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void): void
  /** Resolves when the shell has ended or the connection broke, with an error that says why; after all output was handed over. */
  readonly closed: Promise<Error>
  /** Lets go of the shell, which then reads an end of file. Resolves when the transport is closed. */
  close(): Promise<void>
}

/** How to run a command in a session. */
export interface SessionExecOptions extends Omit<ExecOptions, 'stdin'> {
  /** What the command reads. Text without NUL: anything else needs a process of its own. */
  readonly stdin?: string
}

/** A POSIX shell that stays open and runs one command after another, a few milliseconds each. */
export interface ShellSession extends AsyncDisposable {
  /**
   * The contract of `Communicator.exec`. Commands that are started at the same time run one after another. The command's text, its
   * input and its environment go through the shell's standard input and never into a process list. A process that it leaves in the
   * background goes on and does not delay the answer.
   * @throws ImagoError `UNSUPPORTED` for a NUL or a bad name of a variable; the transport's error when the shell is gone.
   */
  exec(command: string | readonly string[], options?: SessionExecOptions): Promise<ExecResult>
}

/** How a session ends what a signal cancels. */
export interface ShellSessionOptions {
  /** Milliseconds between SIGTERM and SIGKILL. @default 2000 */
  readonly killGraceMs?: number
}

/**
 * Opens a session on a shell that has just been started and reads its commands from standard input.
 *
 * When a signal ends a command, `openKiller` is asked for a second shell of the same machine, with at least the rights of the first; it
 * finds the command's processes through `/proc` and kills them all, and then the session takes the next command.
 * @throws the transport's error when the shell does not answer.
 */
export async function openShellSession(
  transport: ShellTransport,
  openKiller: () => Promise<ShellTransport>,
  options: ShellSessionOptions = {},
): Promise<ShellSession> {
  const channel = new ShellChannel(transport)
  const printed: Uint8Array[] = []
  await channel.run('printf %d $$', (stream, chunk) => stream === 'stdout' && printed.push(chunk))
  const pid = Number(Buffer.concat(printed).toString('latin1'))
  return new PosixSession(channel, (ended) => killBelow(openKiller, { pid, whole: false, graceMs: options.killGraceMs ?? 2000, ended }))
}

/** What to kill with {@link killProcessTree}. */
export interface ProcessTreeOptions {
  /** The process id, as the machine counts. */
  readonly pid: number
  /** Milliseconds between SIGTERM and SIGKILL. @default 2000 */
  readonly graceMs?: number
}

/** Kills a process of a machine and everything it started, through a shell of that machine. Resolves when none of it is left. */
export function killProcessTree(openKiller: () => Promise<ShellTransport>, options: ProcessTreeOptions): Promise<void> {
  const { pid, graceMs = 2000 } = options
  return killBelow(openKiller, { pid, whole: true, graceMs, ended: Promise.resolve() })
}

async function killBelow(openKiller: () => Promise<ShellTransport>, tree: Parameters<typeof endRemoteTree>[1]): Promise<void> {
  const killer = new ShellChannel(await openKiller())
  try {
    await endRemoteTree(killer, tree)
  } finally {
    await killer.close()
  }
}

class PosixSession implements ShellSession {
  readonly #channel: ShellChannel
  readonly #kill: (ended: Promise<unknown>) => Promise<void>
  /** Settles when all commands so far are over. */
  #idle: Promise<unknown> = Promise.resolve()

  constructor(channel: ShellChannel, kill: (ended: Promise<unknown>) => Promise<void>) {
    this.#channel = channel
    this.#kill = kill
  }

  async exec(command: string | readonly string[], options: SessionExecOptions = {}): Promise<ExecResult> {
    if (options.signal?.aborted === true) throw abortError(options.signal)
    const text = commandText(command, options)
    const abort = abortOf(options.signal)
    const before = this.#idle
    const turn = Promise.race([before, abort.promise]).then(() => this.#run(text, options, abort.promise))
    this.#idle = Promise.allSettled([before, turn])
    try {
      return { exitCode: await turn }
    } finally {
      abort.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.close()
  }

  async #run(text: string, options: SessionExecOptions, aborted: Promise<never>): Promise<number> {
    let muted = false
    const running = this.#channel.run(text, (stream, chunk) => (muted ? undefined : options.onOutput?.(stream, chunk)))
    try {
      return await Promise.race([running, aborted])
    } catch (error) {
      muted = true
      if (options.signal?.aborted === true) await this.#end(running)
      throw error
    }
  }

  /** Kills the running command. A session whose command cannot be killed is of no further use and closes. */
  async #end(running: Promise<number>): Promise<void> {
    let over = false
    const ended = running.then(
      () => (over = true),
      () => (over = true),
    )
    await this.#kill(ended).catch(() => undefined)
    if (!over) await this.#channel.close()
  }
}

/** A promise that rejects when the signal aborts, with the error that says why. */
function abortOf(signal: AbortSignal | undefined): { readonly promise: Promise<never>; stop(): void } {
  const listening = new AbortController()
  const promise = new Promise<never>((_, reject) => {
    if (signal?.aborted === true) reject(abortError(signal))
    signal?.addEventListener('abort', () => reject(abortError(signal)), { signal: listening.signal })
  })
  promise.catch(() => undefined) // whoever waits is told; at other times nobody does
  return { promise, stop: () => listening.abort() }
}

/**
 * A command as text for the session. The subshell keeps `exit`, `exec`, `cd`, variables and syntax errors away from the session, and
 * what it reads away from the session's own input, in which the next commands wait.
 */
function commandText(command: string | readonly string[], options: SessionExecOptions): string {
  const { stdin = '', env = {}, cwd } = options
  const argv = typeof command === 'string' ? [command] : command
  if ([...argv, stdin, ...Object.values(env), cwd ?? ''].some((text) => text.includes('\0'))) {
    throw new ImagoError('UNSUPPORTED', 'a command, its directory or its environment contains a NUL character', {
      hint: 'no shell can take one; write it to a file and upload that',
    })
  }
  const badName = Object.keys(env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (badName !== undefined) throw new ImagoError('UNSUPPORTED', `'${badName}' is not a name of an environment variable`)
  const enter = cwd === undefined ? '' : `CDPATH= cd -- ${shellQuote(cwd)} || exit 126\n`
  const run = typeof command === 'string' ? `eval ${shellQuote(` ${command}`)}` : `exec ${shellJoin(command)}`
  const subshell = `(\n${enter}${shellExports(env)}${run}\n)`
  return stdin === '' ? `${subshell} </dev/null` : `printf %s ${shellQuote(stdin)} 2>/dev/null | ${subshell}`
}
