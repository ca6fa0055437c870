import { randomBytes } from 'node:crypto'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'

import type { Communicator, ExecOptions, ExecResult, RemoteEntry, Source, TransferOptions } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, runLocal, systemCode } from '@imago/core'
import { packContent, packPath, unpackTo } from '@imago/tar'

import { localOwner, ownUser } from './local-owner.ts'

/** Longer scripts do not fit into an argument (Linux takes 128 KiB), and become a file. */
const longScript = 100_000

/** What {@link LocalMachine} needs of a build's context. */
export interface LocalMachineOptions {
  /** Commands run in this folder, and relative paths begin there. */
  readonly directory: string
  /** A folder for temporary files. */
  readonly workDirectory: string
}

/** This machine, as a communicator: commands are programs of this machine, and transfers are copies. */
export class LocalMachine implements Communicator {
  readonly #options: LocalMachineOptions
  readonly #closing = new AbortController()

  constructor(options: LocalMachineOptions) {
    this.#options = options
  }

  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const signal = this.#signal(options.signal)
    const run = async (argv: readonly string[]): Promise<ExecResult> =>
      runLocal({ cwd: this.#options.directory, ...options, command: argv, signal })
    if (typeof command !== 'string') return await orNotFound(run(command), command, options)
    if (Buffer.byteLength(command) < longScript) return await run(['/bin/sh', '-c', command])
    const file = join(this.#options.workDirectory, `script-${randomBytes(6).toString('hex')}`)
    await mkdir(this.#options.workDirectory, { recursive: true })
    await writeFile(file, command, { mode: 0o600 })
    try {
      return await run(['/bin/sh', file])
    } finally {
      await rm(file, { force: true })
    }
  }

  async upload(source: Source, destination: string, options: TransferOptions = {}): Promise<void> {
    const signal = this.#signal(options.signal)
    const owner = options.owner === undefined ? ownUser() : await localOwner(options.owner, signal)
    const { mode, onProgress } = options
    const packing = { owner, signal, ...(mode !== undefined && { mode }), ...(onProgress !== undefined && { onProgress }) }
    const target = resolve(this.#options.directory, destination)
    if ('content' in source) return await copy(packContent('file', source.content, packing), 'file', target, signal)
    const name = (await isDirectory(source.path)) ? '' : 'file'
    return await copy(packPath(source.path, { name, sparse: true, ...packing }), name, target, signal)
  }

  async download(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    await this.upload({ path: resolve(this.#options.directory, source) }, resolve(destination), options)
  }

  async stat(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteEntry | undefined> {
    this.#signal(options.signal)
    try {
      const stats = await stat(resolve(this.#options.directory, path))
      return { kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other', size: stats.size }
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined
      throw fileSystemError(error, `cannot look at '${path}'`)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ImagoError('DISCONNECTED', 'the communicator is closed'))
    return Promise.resolve()
  }

  /** Ends what the caller's signal or the end of the communicator ends. @throws when that has happened */
  #signal(given: AbortSignal | undefined): AbortSignal {
    const signal = given === undefined ? this.#closing.signal : AbortSignal.any([given, this.#closing.signal])
    if (signal.aborted) throw abortError(signal)
    return signal
  }
}

/** A program that does not exist is a result, as it is in a shell. */
async function orNotFound(running: Promise<ExecResult>, [program = '']: readonly string[], options: ExecOptions): Promise<ExecResult> {
  try {
    return await running
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    options.onOutput?.('stderr', Buffer.from(`${program}: not found\n`))
    return { exitCode: 127 }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined) // what is missing is told by whoever reads it
  return stats?.isDirectory() === true
}

async function copy(archive: Readable, stripName: string, target: string, signal: AbortSignal): Promise<void> {
  await unpackTo(archive, target, { stripName, keepOwner: process.getuid?.() === 0, signal })
}
