import type { Environment } from './environment.ts'
import type { CoreFunctions } from './core-functions.ts'
import type { ModuleLoader } from './import-module.ts'
import type { Output } from './output.ts'
import type { SignalName } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Where keys are read from. */
export interface KeyInput {
  readonly isTerminal: boolean
  /** The next keys that are pressed, mostly one, without waiting for Enter and without showing them. Ctrl-C is `'\u0003'`. */
  read(signal: AbortSignal): Promise<string>
}

/** Everything outside the command that it uses: the process, its streams, and what is behind them. Tests hand in their own. */
export interface Host {
  /** Absolute. */
  readonly cwd: string
  readonly environment: Environment
  readonly keys: KeyInput
  readonly terminal: Terminal
  readonly stdout: Output
  readonly stderr: Output
  /** Calls back on each such signal, until the returned function is called; the process no longer dies of it meanwhile. */
  onSignal(signal: SignalName, listener: () => void): () => void
  /** Calls back when the process ends, however it does, until the returned function is called. */
  onExit(listener: () => void): () => void
  /** Calls back with an error that nobody waits for, until the returned function is called; the process no longer dies of it meanwhile. */
  onCrash(listener: (error: unknown) => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  readonly core: CoreFunctions
  readonly modules: ModuleLoader
}
