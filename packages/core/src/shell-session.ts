import type { ExecOptions, ExecResult } from './communicator.ts'
import { ImagoError } from './error.ts'

/** The three streams of a running `sh`, and how it ends. */
export interface ShellTransport {
  /** Writes to the shell's standard input; resolves when more can be written. */
  write(chunk: string | Uint8Array): Promise<void>
  onOutput(listener: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void): void
  /** Resolves when the shell has ended or the connection broke, with an error that says why. */
  readonly closed: Promise<Error>
  close(): Promise<void>
}

/** A POSIX shell that stays open and runs one command after another, a few milliseconds each. */
export interface ShellSession extends AsyncDisposable {
  /** The same contract as `Communicator.exec`; `stdin` must be a string without NUL here (others need a process of their own). */
  exec(command: string | readonly string[], options?: Omit<ExecOptions, 'stdin'> & { readonly stdin?: string }): Promise<ExecResult>
}

/** Opens a session on a shell that has just been started and reads its commands from standard input. */
export function openShellSession(_transport: ShellTransport, _openKiller: () => Promise<ShellTransport>): Promise<ShellSession> {
  throw new ImagoError('INTERNAL', 'not written yet')
}
