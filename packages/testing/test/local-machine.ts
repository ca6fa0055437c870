import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import type { Communicator, ExecOptions, ExecResult, RemoteEntry, ShellSession, ShellTransport, Source, TransferOptions } from '@imago/core'
import { abortError, ImagoError, isImagoError, openShellSession, runLocal } from '@imago/core'

/**
 * A communicator whose machine is this one, for tests of what runs commands: in one shell that stays open, or in a process of their
 * own where they read bytes. Single files and content only; owners are not changed. Keep its paths below a temporary folder.
 */
export class LocalMachine implements Communicator {
  readonly #closed = new AbortController()
  #session: Promise<ShellSession> | undefined

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { stdin, ...rest } = options
    const signal = options.signal === undefined ? this.#closed.signal : AbortSignal.any([this.#closed.signal, options.signal])
    if (signal.aborted) throw abortError(signal)
    if (stdin === undefined || typeof stdin === 'string') {
      this.#session ??= openShellSession(startShell(), () => Promise.resolve(startShell()), { killGraceMs: 100 })
      return await (await this.#session).exec(command, { ...rest, ...(stdin !== undefined && { stdin }), signal })
    }
    const argv = typeof command === 'string' ? ['sh', '-c', command] : command
    return await runLocal({ ...options, command: argv, signal, killGraceMs: 100 }).catch((error: unknown) => {
      if (isImagoError(error, 'TOOL_MISSING')) return { exitCode: 127 }
      throw error
    })
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    await mkdir(dirname(destination), { recursive: true })
    if ('content' in source) await writeFile(destination, source.content)
    else await copyFile(source.path, destination)
    if (options.mode !== undefined) await chmod(destination, options.mode)
  }

  async download(source: string, destination: string): Promise<void> {
    await mkdir(dirname(destination), { recursive: true })
    await copyFile(source, destination)
  }

  async stat(path: string): Promise<RemoteEntry | undefined> {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) return undefined
    return { kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other', size: found.size }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new ImagoError('DISCONNECTED', 'the connection is closed'))
    await (await this.#session)?.[Symbol.asyncDispose]()
  }
}

function startShell(): ShellTransport {
  const child = spawn('sh', [], { detached: true })
  // its output may be held open by a process in the background
  const closed = once(child, 'exit').then(async () => {
    await setImmediate()
    return new ImagoError('DISCONNECTED', 'the shell has ended')
  })
  child.stdin.on('error', () => {}) // the shell is gone: `closed` says so
  return {
    closed,
    async write(chunk) {
      if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), closed])
    },
    onOutput(listener) {
      child.stdout.on('data', (chunk: Uint8Array) => listener('stdout', chunk))
      child.stderr.on('data', (chunk: Uint8Array) => listener('stderr', chunk))
    },
    async close() {
      child.stdin.end()
      await closed
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}
