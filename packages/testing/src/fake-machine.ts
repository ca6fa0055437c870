import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

import type { Communicator, ExecOptions, ExecResult, Platform, RemoteEntry, RestartOptions, Source, TransferOptions } from '@imago/core'
import { abortError, ImagoError, shellJoin } from '@imago/core'

import type { CommandPattern } from './command-pattern.ts'
import { matchesCommand } from './command-pattern.ts'
import { downloadFrom, uploadInto } from './fake-transfer.ts'
import type { CommandRecord, MachineRecord, UploadedFile } from './machine-record.ts'
import { MemoryTree } from './memory-tree.ts'

/** What a fake machine answers to a command. */
export interface Answer {
  /** @default 0 */
  readonly exitCode?: number
  /** @default nothing */
  readonly stdout?: string | Uint8Array
  /** @default nothing */
  readonly stderr?: string | Uint8Array
  /** Milliseconds until the command ends, after its output. @default 0 */
  readonly delay?: number
  /** The command never ends by itself. @default false */
  readonly hang?: boolean
  /** The connection breaks and is there again for the next command, as when the machine starts anew. @default false */
  readonly disconnect?: boolean
}

/** An {@link Answer}, or a function that makes one from the command. */
export type Reply = Answer | ((command: CommandRecord, signal: AbortSignal) => Answer | Promise<Answer>)

/** What becomes of a restart of a fake machine. */
export interface RestartAnswer {
  /** The restart fails with it. @default it succeeds */
  readonly error?: ImagoError
  /** Milliseconds until the machine takes commands again, or until the restart fails. @default 0 */
  readonly delay?: number
  /** The machine never comes back by itself. @default false */
  readonly hang?: boolean
}

/** What {@link fakeMachine} takes. */
export interface FakeMachineOptions {
  /** What messages call it. @default 'machine' */
  readonly name?: string
  /** Files that it has from the start, by absolute path. @default none */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Whether it can restart. A container cannot. @default true */
  readonly restarts?: boolean
  /** What runs in it. On `windows`, `files` has `C:\Windows` as `/C:/Windows`. @default posix */
  readonly platform?: Platform
}

/** A {@link Communicator} whose machine is in memory: it records what it is asked to do, and answers what it was told to. */
export class FakeMachine implements Communicator {
  /** What messages call it. */
  readonly name: string
  readonly platform: Platform
  /** Its file system. Uploads end up here, downloads come from here. */
  readonly files: MemoryTree = new MemoryTree()
  /** The contract of `Communicator.restart`; not there when the machine cannot. */
  readonly restart?: (options?: RestartOptions) => Promise<void>
  readonly #records: MachineRecord[] = []
  readonly #replies: { readonly pattern: CommandPattern; readonly replies: Reply[] }[] = []
  readonly #gone: AbortController = new AbortController()
  #restarts: RestartAnswer[] = []
  #closed = false

  constructor(options: FakeMachineOptions = {}) {
    this.name = options.name ?? 'machine'
    this.platform = options.platform ?? 'posix'
    if (options.restarts !== false) this.restart = async (restart = {}) => await this.#restart(restart)
    for (const [path, content] of Object.entries(options.files ?? {})) {
      this.files.put(path, { kind: 'file', content: Buffer.from(content), mode: 0o644, owner: '0:0' })
    }
  }

  /** Everything it was asked to do, in order. */
  get records(): readonly MachineRecord[] {
    return this.#records
  }

  /** The commands it was given, in order. */
  get commands(): readonly CommandRecord[] {
    return this.#records.filter((record) => record.kind === 'command')
  }

  /** Whether it has been disposed of. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Says what to answer to commands that match. Of several that match, the one given last answers. Several replies are given one
   * after the other; the last of them stays. Commands without an answer succeed and print nothing.
   * @example machine.on(/apt-get/, { exitCode: 100, stderr: 'E: no network\n' }, { exitCode: 0 })
   */
  on(pattern: CommandPattern, first: Reply, ...next: readonly Reply[]): this {
    this.#replies.unshift({ pattern, replies: [first, ...next] })
    return this
  }

  /**
   * Says what becomes of restarts, one after the other; the last answer stays. Restarts without an answer succeed.
   * @example machine.onRestart({ error: new ImagoError('TIMEOUT', 'it has not restarted') }, {})
   */
  onRestart(first: RestartAnswer, ...next: readonly RestartAnswer[]): this {
    this.#restarts = [first, ...next]
    return this
  }

  /** Breaks the connection for good: what is going on and everything later rejects with the error. @default `DISCONNECTED` */
  disconnect(error: ImagoError = new ImagoError('DISCONNECTED', `the connection to ${this.name} broke`)): void {
    this.#gone.abort(error)
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const signal = this.#enter(options.signal)
    const stdin = await stdinText(options.stdin, signal)
    const line = typeof command === 'string' ? command : shellJoin(command)
    const record: CommandRecord = {
      kind: 'command',
      command,
      text: stdin === undefined ? line : `${line}\n${stdin}`,
      env: { ...options.env },
      ...(stdin !== undefined && { stdin }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    }
    this.#records.push(record)
    const reply = this.#replyTo(record)
    const answer = typeof reply === 'function' ? await untilAborted(Promise.resolve(reply(record, signal)), signal) : reply
    if (answer.disconnect === true) throw new ImagoError('DISCONNECTED', `the connection to ${this.name} broke`)
    if (answer.stdout !== undefined) options.onOutput?.('stdout', Buffer.from(answer.stdout))
    if (answer.stderr !== undefined) options.onOutput?.('stderr', Buffer.from(answer.stderr))
    if (answer.hang === true) await untilAborted(new Promise<never>(() => {}), signal)
    if (answer.delay !== undefined) await pause(answer.delay, signal)
    return { exitCode: answer.exitCode ?? 0 }
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    const signal = this.#enter(options.signal)
    const files: UploadedFile[] = []
    this.#records.push({
      kind: 'upload',
      source,
      destination,
      ...(options.mode !== undefined && { mode: options.mode }),
      ...(options.owner !== undefined && { owner: options.owner }),
      ...(options.sync !== undefined && { sync: options.sync }),
      files,
    })
    await uploadInto(this.files, source, this.#place(destination), { ...options, signal }, (file) => files.push(file))
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    const signal = this.#enter(options.signal)
    this.#records.push({ kind: 'download', source, destination })
    await downloadFrom(this.files, this.#place(source), destination, { ...options, signal })
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    this.#enter(options.signal)
    const entry = this.files.follow(this.#place(path))
    if (entry === undefined || entry.kind === 'symlink') return undefined
    return entry.kind === 'file' ? { kind: 'file', size: entry.content.byteLength } : { kind: 'directory', size: 0 }
  }

  // oxlint-disable-next-line require-await -- the contract asks for a promise
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.disconnect(new ImagoError('DISCONNECTED', `the connection to ${this.name} is closed`))
  }

  /** Where a path of the machine is in `files`. */
  #place(path: string): string {
    return this.platform === 'windows' ? path.replaceAll('\\', '/') : path
  }

  /** The signal of one operation: the caller's and the connection's. */
  #enter(signal: AbortSignal | undefined): AbortSignal {
    const either = signal === undefined ? this.#gone.signal : AbortSignal.any([this.#gone.signal, signal])
    if (either.aborted) throw abortError(either)
    return either
  }

  async #restart({ signal: given, ...options }: RestartOptions): Promise<void> {
    const signal = this.#enter(given)
    this.#records.push({ kind: 'restart', ...options })
    const [answer = {}] = this.#restarts
    if (this.#restarts.length > 1) this.#restarts.shift()
    if (answer.hang === true) await untilAborted(new Promise<never>(() => {}), signal)
    if (answer.delay !== undefined) await pause(answer.delay, signal)
    if (answer.error !== undefined) throw answer.error
  }

  #replyTo(record: CommandRecord): Reply {
    const match = this.#replies.find(({ pattern }) => matchesCommand(pattern, record))
    if (match === undefined) return {}
    const [reply = {}] = match.replies
    if (match.replies.length > 1) match.replies.shift()
    return reply
  }
}

/**
 * A machine in memory for unit tests. It succeeds at every command unless told otherwise.
 * @example
 * const machine = fakeMachine().on(/apt-get/, { exitCode: 100 })
 * await shell({ inline: ['apt-get update'] }).provision(provisionContext({ machine }))
 */
export function fakeMachine(options: FakeMachineOptions = {}): FakeMachine {
  return new FakeMachine(options)
}

async function stdinText(stdin: ExecOptions['stdin'], signal: AbortSignal): Promise<string | undefined> {
  if (stdin === undefined || typeof stdin === 'string') return stdin
  const bytes = stdin instanceof Readable ? await untilAborted(buffer(stdin), signal) : stdin
  return Buffer.from(bytes).toString('utf8')
}

/** The promise, or the signal's reason, whichever is first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw abortError(signal)
  const over = new AbortController()
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(abortError(signal)), { signal: over.signal })
  })
  return await Promise.race([promise, aborted]).finally(() => over.abort())
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {
    throw abortError(signal)
  })
}
