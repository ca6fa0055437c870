import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Communicator, ErrorCode, ExecOptions, ExecResult, ImagoError } from '@imago/core'
import { isImagoError, messageOf } from '@imago/core'

/** What a contract suite needs of a test runner. vitest and `node:test` (whose `after` is `afterAll`) have it. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => Promise<void>) => unknown
  readonly afterAll: (body: () => Promise<void>) => unknown
}

/** What stands at a path of a machine; the last link is not followed. */
export interface Inspection {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits. */
  readonly mode: number
  /** `uid:gid` */
  readonly owner: string
  /** Where a link points. */
  readonly target?: string
}

/** Looks into a machine past the communicator's transfers. */
export interface Probe {
  inspect(path: string): Promise<Inspection | undefined>
  read(path: string): Promise<Buffer>
}

/** What a {@link Bench} is made of. */
export interface BenchOptions {
  readonly open: () => Promise<Communicator>
  readonly directory: string
  readonly probe?: (machine: Communicator) => Probe
}

/** How a command ended, with its output. */
export interface Finished extends ExecResult {
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** What the tests of a contract share: one open communicator, folders on both sides. */
export class Bench {
  readonly #options: BenchOptions
  #machine: Promise<Communicator> | undefined
  #folder: Promise<string> | undefined
  #paths = 0

  constructor(options: BenchOptions) {
    this.#options = options
  }

  /** The communicator that the tests share. */
  async machine(): Promise<Communicator> {
    this.#machine ??= this.#options.open()
    return await this.#machine
  }

  /** Another communicator. */
  async open(): Promise<Communicator> {
    return await this.#options.open()
  }

  /** Looks into the machine. */
  async probe(): Promise<Probe> {
    const machine = await this.machine()
    return this.#options.probe?.(machine) ?? commandProbe(machine)
  }

  /** A path in the machine that nothing stands at. */
  remote(name: string): string {
    return `${this.#options.directory}/${this.#paths++}/${name}`
  }

  /** A path on this machine that nothing stands at; its folder is `base`. */
  async local(name: string): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'imago-contract-'))
    return join(await this.#folder, String(this.#paths++), name)
  }

  /** Runs a command on the shared communicator. */
  async run(command: string | readonly string[], options: ExecOptions = {}): Promise<Finished> {
    return await execute(await this.machine(), command, options)
  }

  /** Closes the communicator and removes the folders. */
  async close(): Promise<void> {
    const machine = await this.#machine?.catch(() => undefined)
    await machine?.[Symbol.asyncDispose]()
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true })
  }
}

/** Runs a command and keeps its output. */
export async function execute(machine: Communicator, command: string | readonly string[], options: ExecOptions = {}): Promise<Finished> {
  const chunks: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  const result = await machine.exec(command, { ...options, onOutput: (stream, chunk) => chunks[stream].push(Uint8Array.from(chunk)) })
  return { ...result, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) }
}

/** Fails when a promise takes longer than it may. */
export async function within<T>(ms: number, what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} took more than ${ms} ms` })), ms)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** A promise, and how to resolve it. */
export function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  const listeners: (() => void)[] = []
  const opened = new Promise<void>((resolve) => listeners.push(resolve))
  return { opened, open: () => listeners.forEach((listen) => listen()) }
}

/** Fails unless a promise rejects with an {@link ImagoError} of one of these codes. */
export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<ImagoError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error !== undefined, `expected ${codes.join(' or ')}, but it succeeded`)
  assert.ok(isImagoError(error), `expected an ImagoError (${codes.join(' or ')}), but it was: ${messageOf(error)}`)
  assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, but it was ${error.code}: ${error.message}`)
  return error
}

/** Looks into a machine with `stat`, `readlink` and `cat`. */
function commandProbe(machine: Communicator): Probe {
  return {
    async inspect(path) {
      const script = `[ -e "$P" ] || [ -L "$P" ] || exit 3; stat -c '%F|%a|%u:%g' -- "$P"; [ ! -L "$P" ] || readlink -- "$P"`
      const { exitCode, stdout } = await execute(machine, script, { env: { P: path } })
      if (exitCode === 3) return undefined
      const [line = '', target] = stdout.toString('utf8').split('\n')
      const [type = '', mode = '', owner = ''] = line.split('|')
      const kind = kinds.find(([word]) => type.includes(word))?.[1] ?? 'other'
      return { kind, mode: Number.parseInt(mode, 8), owner, ...(kind === 'symlink' && target !== undefined && { target }) }
    },
    async read(path) {
      const { exitCode, stdout } = await execute(machine, 'cat -- "$P"', { env: { P: path } })
      assert.equal(exitCode, 0, `cannot read ${JSON.stringify(path)}`)
      return stdout
    },
  }
}

/** How `stat` calls each kind. */
const kinds: readonly (readonly [string, Inspection['kind']])[] = [
  ['regular', 'file'],
  ['directory', 'directory'],
  ['symbolic link', 'symlink'],
]
