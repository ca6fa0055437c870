import type {
  Communicator,
  Emit,
  ExecOptions,
  ExecResult,
  Platform,
  RemoteEntry,
  RestartOptions,
  Source,
  TransferOptions,
} from '@imago/core'
import { abortError, ImagoError, isImagoError } from '@imago/core'

import { commandLine } from './command-line.ts'
import type { Entered } from './connect-when-ready.ts'
import { download } from './download.ts'
import { orAborted } from './or-aborted.ts'
import { restartMachine } from './restart.ts'
import { ShellPool } from './shell-pool.ts'
import { remoteStat } from './remote-stat.ts'
import { upload } from './upload.ts'
import type { WinrmClient } from './winrm-client.ts'

/** After so long without a request the machine is asked whether it is still there, in milliseconds. */
const quietMs = 500
/** How long it may take to answer that, in milliseconds. */
const lookMs = 20_000

/** Waits until the machine lets us in again. */
export type Enter = (closing: AbortSignal) => Promise<Entered>

/** The way into a Windows machine over WinRM. */
export class WinrmMachine implements Communicator {
  readonly platform: Platform = 'windows'
  readonly #client: WinrmClient
  readonly #emit: Emit
  readonly #enter: Enter
  readonly #closing = new AbortController()
  #pool: Promise<ShellPool>
  #usedAt = performance.now()

  /** @param enter is called when the connection has broken and something is to be done */
  constructor(client: WinrmClient, first: Entered, { enter, emit }: { readonly enter: Enter; readonly emit: Emit }) {
    this.#client = client
    this.#emit = emit
    this.#enter = enter
    this.#pool = Promise.resolve(new ShellPool(client, first))
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const line = commandLine(command)
    const { env = {}, cwd, stdin = '', onOutput = () => undefined } = options
    return await this.#guarded(options.signal, async (pool, signal) => {
      return { exitCode: await pool.run(line, { env, cwd }, { stdin, onOutput, signal }) }
    })
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    refuseRights(options)
    await this.#guarded(options.signal, async (pool, signal) => await upload(pool, source, destination, { ...options, signal }))
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    refuseRights(options)
    const onLeftOut = (path: string): void => {
      const text = `left out '${path}' of '${source}': it is a link to a directory`
      this.#emit({ type: 'message', level: 'warning', text })
    }
    await this.#guarded(options.signal, async (pool, signal) => {
      await download(pool, source, destination, { ...options, signal, onLeftOut })
    })
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    return await this.#guarded(options.signal, async (pool, signal) => await remoteStat(pool, path, signal))
  }

  async restart(options: RestartOptions = {}): Promise<void> {
    const run = async (line: string, signal: AbortSignal): Promise<{ readonly exitCode: number; readonly said: string }> => {
      let said = ''
      const { exitCode } = await this.exec(line, { signal, onOutput: (_, chunk) => (said += Buffer.from(chunk).toString('utf8')) })
      return { exitCode, said: said.trim() }
    }
    await restartMachine({ target: this.#client.target, run }, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new ImagoError('DISCONNECTED', 'the connection is closed'))
    const pool = await this.#pool.catch(() => undefined) // it never came about
    await pool?.close()
    this.#client.close()
  }

  /** Does something over the connection, which is opened again when it broke. */
  async #guarded<T>(given: AbortSignal | undefined, work: (pool: ShellPool, signal: AbortSignal) => Promise<T>): Promise<T> {
    const closing = this.#closing.signal
    const signal = given === undefined ? closing : AbortSignal.any([given, closing])
    if (signal.aborted) throw abortError(signal)
    await this.#lookWhetherThere(signal)
    const pool = await this.#ready(signal)
    try {
      return await work(pool, signal)
    } catch (error) {
      if (signal.aborted || !isImagoError(error)) throw error
      if (error.code === 'DISCONNECTED') pool.isBroken = true
      if (error.code !== 'NETWORK') throw error
      pool.isBroken = true
      throw new ImagoError('DISCONNECTED', `the connection to the machine broke: ${error.message}`, { cause: error })
    } finally {
      this.#usedAt = performance.now()
    }
  }

  /**
   * Notices that the machine went away while nothing was to be done: of a request that gets no answer nobody can tell whether it was heeded,
   * and a command must not be given twice.
   */
  async #lookWhetherThere(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#usedAt < quietMs) return
    const pool = await this.#pool.catch(() => undefined) // it is opened again anyhow
    if (pool === undefined || pool.isBroken) return
    await this.#client.identify(lookMs, signal).catch((error: unknown) => {
      if (signal.aborted) throw error
      if (isImagoError(error, 'NETWORK')) pool.isBroken = true
    })
  }

  /** Whoever waits for the connection can give up without ending it for others. */
  async #ready(signal: AbortSignal): Promise<ShellPool> {
    const current = this.#pool
    const isBroken = await current.then(
      (pool) => pool.isBroken,
      () => true,
    )
    if (isBroken && this.#pool === current) {
      this.#pool = this.#enter(this.#closing.signal).then((entered) => new ShellPool(this.#client, entered))
      // shells that have outlived the connection go; that nobody lets us in is told to whoever waits for it
      this.#pool
        .then(() => current)
        .then((old) => old.close())
        .catch(() => undefined)
    }
    return await orAborted(this.#pool, signal)
  }
}

function refuseRights({ mode, owner }: TransferOptions): void {
  if (mode === undefined && owner === undefined) return
  throw new ImagoError('UNSUPPORTED', `Windows has no ${mode === undefined ? 'owner' : 'mode'} of a file as POSIX does`, {
    hint: 'leave it out, and set its access control list with a step: icacls',
  })
}
