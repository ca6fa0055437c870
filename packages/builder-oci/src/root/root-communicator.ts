import { resolve } from 'node:path'

import type {
  Communicator,
  ExecOptions,
  ExecResult,
  RemoteEntry,
  SessionExecOptions,
  ShellSession,
  ShellTransport,
  Source,
  TransferOptions,
} from '@imago/core'
import { abortError, ImagoError, isImagoError, openShellSession } from '@imago/core'

import type { Call, Tree } from '../tree/tree.ts'
import { finishProcess } from './inner-command.ts'
import type { InnerProcesses } from './inner-processes.ts'
import { processTransport } from './process-transport.ts'

/** Text beyond this goes to a process of its own, through a pipe: in a session it would be a word of a command. */
const sessionStdin = 64 * 1024

/** What a communicator leads to. */
export interface RootCommunicatorOptions {
  readonly tree: Tree
  /** Starts processes in the root; or the error that says why there are none. */
  readonly processes: InnerProcesses | ImagoError
  /** Whether the processes' root is still there. */
  readonly isAlive: () => Promise<boolean>
}

/** The way into a root: a shell that stays open for commands, and the tree for files. */
export class RootCommunicator implements Communicator {
  readonly #options: RootCommunicatorOptions
  readonly #closed = new AbortController()
  #session: Promise<ShellSession | undefined> | undefined

  constructor(options: RootCommunicatorOptions) {
    this.#options = options
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { processes } = this.#options
    const { stdin, ...others } = { ...options, signal: this.#signal(options.signal) }
    if (others.signal.aborted) throw abortError(others.signal)
    if (processes instanceof ImagoError) throw processes
    if (isShort(stdin)) {
      const session = await this.#openSession(processes)
      if (session !== undefined) return await this.#inSession(session, command, { ...others, ...(stdin !== undefined && { stdin }) })
    }
    return await this.#alone(processes, command, { ...others, ...(stdin !== undefined && { stdin }) })
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    const { mode, owner, ...others } = options
    const upload = {
      source: 'path' in source ? { path: resolve(source.path) } : source,
      destination,
      ...(mode !== undefined && { mode }),
      ...(owner !== undefined && { owner }),
    }
    await this.#options.tree.upload(upload, this.#call(others))
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    await this.#options.tree.download({ source, destination: resolve(destination) }, this.#call(options))
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    return await this.#options.tree.stat(path, this.#call(options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort(new ImagoError('DISCONNECTED', 'the connection to the root is closed'))
    const session = await this.#session?.catch(() => undefined)
    await session?.[Symbol.asyncDispose]()
  }

  async #inSession(session: ShellSession, command: string | readonly string[], options: SessionExecOptions): Promise<ExecResult> {
    try {
      return await session.exec(command, options)
    } catch (error) {
      if (isImagoError(error, 'DISCONNECTED')) {
        this.#session = undefined // a step has ended the shell; the next one gets another
        await session[Symbol.asyncDispose]()
      }
      throw error
    }
  }

  /** One process for one command. */
  async #alone(
    processes: InnerProcesses,
    command: string | readonly string[],
    options: ExecOptions & { readonly signal: AbortSignal },
  ): Promise<ExecResult> {
    const { env, cwd, signal } = options
    const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
    const running = await processes.start({ command: argv, signal, ...(env !== undefined && { env }), ...(cwd !== undefined && { cwd }) })
    const result = await finishProcess(running, options)
    if (result.exitCode > 128 && !(await this.#options.isAlive())) throw machineLost()
    return result
  }

  /** A shell that stays open, where the root has one. */
  async #openSession(processes: InnerProcesses): Promise<ShellSession | undefined> {
    this.#session ??= this.#startSession(processes)
    try {
      return await this.#session
    } catch (error) {
      this.#session = undefined
      throw error
    }
  }

  async #startSession(processes: InnerProcesses): Promise<ShellSession | undefined> {
    const { signal } = this.#closed
    if ((await this.#options.tree.stat('/bin/sh', { signal }))?.kind !== 'file') return undefined
    const open = async (): Promise<ShellTransport> => processTransport(await processes.start({ command: ['/bin/sh'], signal }), this.#why)
    try {
      return await openShellSession(await open(), open)
    } catch (error) {
      if (isImagoError(error, 'DISCONNECTED')) return undefined // it cannot run, and a process of its own for each command says why
      throw error
    }
  }

  readonly #why = async (): Promise<Error> =>
    (await this.#options.isAlive()) ? new ImagoError('DISCONNECTED', 'the shell in the root has ended') : machineLost()

  /** @throws why the signal is aborted, if it is */
  #call({ signal, onProgress }: TransferOptions): Call {
    const either = this.#signal(signal)
    if (either.aborted) throw abortError(either)
    return { signal: either, ...(onProgress !== undefined && { onProgress }) }
  }

  #signal(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal])
  }
}

function isShort(stdin: ExecOptions['stdin']): stdin is string | undefined {
  return stdin === undefined || (typeof stdin === 'string' && stdin.length <= sessionStdin && !stdin.includes('\0'))
}

function machineLost(): ImagoError {
  return new ImagoError('MACHINE_LOST', 'the root is gone: its first process has ended')
}
