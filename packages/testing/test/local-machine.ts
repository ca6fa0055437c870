import { chmod, copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { Communicator, ExecOptions, ExecResult, RemoteEntry, Source, TransferOptions } from '@imago/core'
import { ImagoError, runLocal } from '@imago/core'

/**
 * A communicator whose machine is this one, for tests of what runs commands. Single files and content only; owners are not changed.
 * Its paths are those of this machine: keep below a temporary folder.
 */
export class LocalMachine implements Communicator {
  readonly #closed = new AbortController()

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return await runLocal({
      ...options,
      command: typeof command === 'string' ? ['sh', '-c', command] : command,
      signal: options.signal === undefined ? this.#closed.signal : AbortSignal.any([this.#closed.signal, options.signal]),
      killGraceMs: 100,
    }).catch((error: unknown) => {
      if (error instanceof ImagoError && error.code === 'TOOL_MISSING') return { exitCode: 127 }
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

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new ImagoError('DISCONNECTED', 'the connection is closed'))
    return Promise.resolve()
  }
}
