import type { Communicator, OutputSink } from '@imago/core'

import type { Call, Tree } from '../tree/tree.ts'
import type { HelperRequest } from './agent-methods.ts'

/** How commands run in a root. */
export interface MachineOptions {
  /** The environment of every command. */
  readonly env: Readonly<Record<string, string>>
  /** The folder in which commands run. */
  readonly cwd: string
}

/** A root whose base is complete and whose commands can run. */
export interface Machine {
  /** The way into it. All ways lead to the same processes and files. */
  connect(): Communicator
  /** Ends all its processes. */
  stop(signal: AbortSignal): Promise<void>
  /** What does not work here. */
  readonly limits: readonly RootLimit[]
}

/** Something that a root cannot do on this machine. */
export interface RootLimit {
  /** `'commands'`: they do not run. `'users'`: files belong to root only. `'overlay'`: changes are found by comparison. */
  readonly what: 'commands' | 'users' | 'overlay'
  /** For people. */
  readonly text: string
  /** What to do about it. */
  readonly hint?: string
}

/** The files of an image in the making, and the processes that change them. Disposing of it ends the processes; the files stay. */
export interface Root extends AsyncDisposable {
  readonly tree: Tree
  /** Where the base's files are on this machine. */
  readonly basePath: string
  /** Seals the base and starts the machine. Where commands cannot run, the machine takes files only, and `exec` says why. */
  start(options: MachineOptions, signal: AbortSignal): Promise<Machine>
  /**
   * Runs a program of this machine next to the root, as root of the root's own users.
   * @throws ImagoError `UNSUPPORTED` where there is only one user
   */
  runHelper(request: HelperRequest & { readonly output: OutputSink }, call: Call): Promise<{ readonly exitCode: number }>
}
