import { isUtf8 } from 'node:buffer'

import type { Communicator, Connection, ExecOptions, ExecResult, RemoteEntry, RestartOptions, Source, TransferOptions } from '@imago/core'
import { abortError, ImagoError } from '@imago/core'

import { execPlainly } from './plain-exec.ts'
import type { Link } from './link.ts'
import { abortOf, runOnOwnChannel } from './own-channel.ts'
import { remoteStat } from './remote-stat.ts'
import { restartMachine } from './restart.ts'
import type { Route } from './route.ts'
import { download, upload } from './transfer.ts'

/** Text up to so many bytes goes over the shell that is open anyway. */
const smallInput = 64 * 1024

/** Connects, and waits until the machine lets us in. */
export type Connect = (signal: AbortSignal) => Promise<Link>

/** The way into a machine over SSH: one connection at a time, opened again when it broke. */
export class SshMachine implements Communicator {
  readonly #connect: Connect
  readonly #route: Route
  readonly #closing = new AbortController()
  #link: Promise<Link>

  /** @param connect is called when the connection has broken and something is to be done */
  constructor(first: Link, route: Route, connect: Connect) {
    this.#link = Promise.resolve(first)
    this.#connect = connect
    this.#route = route
  }

  get connection(): Connection | undefined {
    return this.#route.connection
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const link = await this.#linked(options.signal)
    const { stdin, ...rest } = options
    const session = await link.session()
    if (session === undefined) return await execPlainly(link.connection, command, options)
    const text = smallText(stdin)
    if (text !== undefined) return await session.exec(command, { ...rest, stdin: text })
    return await runOnOwnChannel(link.connection, command, options)
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    await upload(await this.#linked(options.signal), source, destination, options)
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    await download(await this.#linked(options.signal), source, destination, options)
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    return await remoteStat(await this.#linked(options.signal), path, options.signal)
  }

  async restart(options: RestartOptions = {}): Promise<void> {
    await restartMachine(
      {
        linked: (signal) => this.#linked(signal),
        expectNewKey: () => this.expectDisconnect(),
        dropLink: async () => {
          const link = await this.#link.catch(() => undefined) // the last attempt may have failed
          await link?.close()
        },
      },
      options,
    )
  }

  expectDisconnect(): void {
    this.#route.hostKeys.expectNewKey()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new ImagoError('DISCONNECTED', 'the connection is closed'))
    const link = await this.#link.catch(() => undefined) // it never came about
    await link?.close()
    this.#route.close()
  }

  /** The connection, opened again when it broke. Whoever waits for it can give up without ending it for others. */
  async #linked(signal: AbortSignal | undefined): Promise<Link> {
    if (signal?.aborted === true) throw abortError(signal)
    const closing = this.#closing.signal
    if (closing.aborted) throw abortError(closing)
    const current = this.#link
    const alive = await current.then(
      ({ connection }) => connection.broken === undefined,
      () => false,
    )
    if (!alive && this.#link === current) this.#link = this.#connect(closing)
    return await orAborted(this.#link, signal)
  }
}

/** Input as the session takes it: text that is not too long. */
function smallText(stdin: ExecOptions['stdin']): string | undefined {
  if (stdin === undefined) return ''
  if (typeof stdin !== 'string' && !(stdin instanceof Uint8Array)) return undefined
  if (stdin.length > smallInput) return undefined
  if (typeof stdin !== 'string' && !isUtf8(stdin)) return undefined
  const text = typeof stdin === 'string' ? stdin : Buffer.from(stdin).toString('utf8')
  return text.includes('\0') ? undefined : text
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const abort = abortOf(signal)
  return await Promise.race([work, abort.promise]).finally(() => abort.stop())
}
