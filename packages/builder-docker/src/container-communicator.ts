import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'

import type { Communicator, Connection, ExecOptions, ExecResult, RemoteEntry, ShellSession, Source, TransferOptions } from '@imago/core'
import { abortError, openShellSession } from '@imago/core'

import type { BuildContainer } from './build-container.ts'
import { downloadArchive, remotePath, uploadArchive } from './container-files.ts'
import { runProcess } from './container-process.ts'
import { openShell, shellClosed } from './container-shell.ts'
import { downloadInside, isHidden, realPath, statAnywhere, uploadInside } from './hidden-files.ts'

/** Longer input goes to a process of its own: some shells read a session's commands byte by byte. */
const maxSessionInput = 256 * 1024

/**
 * The way into a container. Commands go to one shell that stays open, at 2 ms each; a command that cannot (no shell in the image, input
 * that is a stream, binary or long) is a process of its own. Files go through the engine's archive calls.
 */
export class ContainerCommunicator implements Communicator {
  readonly #container: BuildContainer
  readonly #closing = new AbortController()
  #session: Promise<ShellSession> | undefined

  constructor(container: BuildContainer) {
    this.#container = container
  }

  /** Other programs are not told the environment of the build's commands: where there is one, they cannot stand in for them. */
  get connection(): Connection | undefined {
    const { id, engine, user, env, shell } = this.#container
    if (shell === undefined || Object.keys(env).length > 0) return undefined
    return { kind: 'docker', container: id, engine: engine.endpoint, user }
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { stdin, ...rest } = options
    if (this.#closing.signal.aborted) throw shellClosed(this.#container)
    if (options.signal?.aborted === true) throw abortError(options.signal)
    const text = sessionInput(stdin)
    if (this.#container.shell === undefined || text === undefined) return await this.#runProcess(command, options)
    const session = await (this.#session ??= this.#openSession(this.#container.shell))
    return await session.exec(command, { ...rest, stdin: text })
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    const path = await realPath(this.#container, remotePath(this.#container, destination), options.signal)
    const upload = isHidden(this.#container, path) ? uploadInside : uploadArchive
    await upload(this.#container, source, path, options)
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    const path = await realPath(this.#container, remotePath(this.#container, source), options.signal)
    const download = isHidden(this.#container, path) ? downloadInside : downloadArchive
    await download(this.#container, path, destination, options)
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    return await statAnywhere(
      this.#container,
      await realPath(this.#container, remotePath(this.#container, path), options.signal),
      options.signal,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(shellClosed(this.#container))
    const session = await this.#session?.catch(() => undefined)
    await session?.[Symbol.asyncDispose]()
  }

  /** Opens the session. When its shell ends, the next command opens another. */
  #openSession(shell: string): Promise<ShellSession> {
    const container = this.#container
    const session = openShell(container, { shell }).then((transport) => {
      void transport.closed.then(forget)
      return openShellSession(transport, () => openShell(container, { shell, root: true }))
    })
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined
    }
    session.catch(forget)
    return session
  }

  async #runProcess(command: string | readonly string[], options: ExecOptions): Promise<ExecResult> {
    const closing = this.#closing.signal
    const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing])
    return await runProcess(this.#container, command, { ...options, signal })
  }
}

/** Input as a session takes it; `undefined` for what it does not take. */
function sessionInput(stdin: ExecOptions['stdin']): string | undefined {
  if (stdin === undefined) return ''
  if (stdin instanceof Readable || stdin.length > maxSessionInput) return undefined
  if (typeof stdin === 'string') return stdin.includes('\0') ? undefined : stdin
  return isUtf8(stdin) && !stdin.includes(0) ? Buffer.from(stdin).toString() : undefined
}
