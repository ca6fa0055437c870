import { ImagoError } from '@imago/core'

import type { CoreFunctions } from '../src/core-functions.ts'
import type { SignalName } from '../src/exit-code.ts'
import type { Environment } from '../src/environment.ts'
import { readEnvironment } from '../src/environment.ts'
import type { Host } from '../src/host.ts'
import type { ModuleLoader } from '../src/import-module.ts'
import type { Output } from '../src/output.ts'
import type { Terminal } from '../src/terminal.ts'

/** An output that remembers what was written. */
export interface FakeOutput extends Output {
  readonly text: string
  readonly writes: readonly string[]
  resize(columns: number, rows: number): void
}

/** What a {@link fakeOutput} is. */
export interface FakeOutputOptions {
  readonly isTerminal?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** An {@link Output} in memory. */
export function fakeOutput({ isTerminal = false, columns = 80, rows = 24 }: FakeOutputOptions = {}): FakeOutput {
  const writes: string[] = []
  const listeners = new Set<() => void>()
  let size = { columns, rows }
  return {
    isTerminal,
    writes,
    get text() {
      return writes.join('')
    },
    write: (text) => void writes.push(text),
    size: () => size,
    resize(newColumns, newRows) {
      size = { columns: newColumns, rows: newRows }
      for (const listener of listeners) listener()
    },
    onResize(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    flush: () => Promise.resolve(),
  }
}

/** A {@link Host} in memory. */
export interface FakeHost extends Host {
  readonly stdout: FakeOutput
  readonly stderr: FakeOutput
  /** The codes that {@link Host.exit} was called with. */
  readonly exits: readonly number[]
  /** Sends a signal; says whether anybody listened. */
  send(signal: SignalName): boolean
  /** Something throws that nobody waits for. */
  crash(error: unknown): void
  /** What {@link Host.onExit} was given and not taken back. */
  readonly exitListeners: ReadonlySet<() => void>
}

/** What a {@link fakeHost} is. */
export interface FakeHostOptions {
  readonly cwd?: string
  readonly environment?: Partial<Environment>
  readonly core?: Partial<CoreFunctions>
  readonly modules?: Partial<ModuleLoader>
  readonly stdout?: FakeOutput
  readonly terminal?: Terminal
  /** What is typed, one read after another; the terminal has none without it. */
  readonly keys?: readonly string[]
}

/** A {@link Host} that touches nothing. What a test does not hand in fails when it is used. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const exits: number[] = []
  const exitListeners = new Set<() => void>()
  const crashListeners = new Set<(error: unknown) => void>()
  const signalListeners = new Map<SignalName, Set<() => void>>()
  const typed = [...(options.keys ?? [])]
  return {
    cwd: options.cwd ?? '/home/project',
    environment: { ...readEnvironment({ HOME: '/home/somebody' }), ...options.environment },
    keys: { isTerminal: options.keys !== undefined, read: (signal) => nextKeys(typed, signal) },
    terminal: options.terminal ?? { open: unused },
    stdout: options.stdout ?? fakeOutput(),
    stderr: fakeOutput(),
    exits,
    exitListeners,
    onSignal(signal, listener) {
      const listeners = signalListeners.get(signal) ?? new Set()
      signalListeners.set(signal, listeners.add(listener))
      return () => listeners.delete(listener)
    },
    send(signal) {
      const listeners = [...(signalListeners.get(signal) ?? [])]
      for (const listener of listeners) listener()
      return listeners.length > 0
    },
    onExit(listener) {
      exitListeners.add(listener)
      return () => exitListeners.delete(listener)
    },
    onCrash(listener) {
      crashListeners.add(listener)
      return () => crashListeners.delete(listener)
    },
    crash(error) {
      for (const listener of crashListeners) listener(error)
    },
    exit: (code) => void exits.push(code),
    core: {
      run: unused,
      plan: unused,
      validate: unused,
      preflight: unused,
      sweep: unused,
      retain: unused,
      resolveParameters: unused,
      cachedSnapshots: unused,
      pruneCache: unused,
      cacheStatus: () => Promise.resolve([]),
      ...options.core,
    },
    modules: { importFile: unused, reimportFile: unused, importPackage: () => Promise.resolve(undefined), ...options.modules },
  }
}

function unused(): never {
  throw new ImagoError('INTERNAL', 'the test did not expect this call')
}

function nextKeys(typed: string[], signal: AbortSignal): Promise<string> {
  const keys = typed.shift()
  if (keys !== undefined) return Promise.resolve(keys)
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
