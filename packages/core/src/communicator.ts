import type { Readable } from 'node:stream'

import type { Connection } from './connection.ts'
import type { Duration } from './duration.ts'

/** What is uploaded: a file or a directory of this machine, or content. */
export type Source = { readonly path: string } | { readonly content: string | Uint8Array }

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes moved so far. */
  readonly bytes: number
  /** Bytes in all, where they are known. */
  readonly total?: number
}

/** How to run a command. */
export interface ExecOptions {
  /** What the command reads on its standard input. @default nothing: it reads an end of file */
  readonly stdin?: string | Uint8Array | Readable
  /** Added to the machine's environment. Never shown in a process list. */
  readonly env?: Readonly<Record<string, string>>
  /** Directory to run in. @default the machine's own */
  readonly cwd?: string
  /** Ends the command: its whole process tree is killed, and `exec` rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Receives output as it comes, byte for byte. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
}

/** How a command ended. */
export interface ExecResult {
  /** The command's own exit code; 128 + n when signal n ended it. */
  readonly exitCode: number
}

/** What runs in a machine, as far as commands and paths are concerned. */
export type Platform = 'posix' | 'windows'

/** How to transfer files. */
export interface TransferOptions {
  /** Permission bits of the uploaded file (of all files, when a directory is uploaded). @default those of the source; 0o644 for content */
  readonly mode?: number
  /** `uid:gid` in numbers, or names that the machine knows. @default the communicator's user */
  readonly owner?: string
  /**
   * Uploads of files and directories: leave out the files that the machine has already, told by digest, mode and owner. What has no place
   * in the source stays. It is a matter of speed alone: a communicator that does not know it, and a machine without a program for
   * SHA-256, get everything. @default false
   */
  readonly sync?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TransferProgress) => void
}

/** What stands at a path in the machine. Symbolic links are followed. */
export interface RemoteEntry {
  readonly kind: 'file' | 'directory' | 'other'
  /** Bytes. */
  readonly size: number
}

/** How to restart a machine. */
export interface RestartOptions {
  /** Command that restarts it. @default `reboot`, with `sudo` where the user is not root; on Windows `shutdown /r /f /t 0` */
  readonly command?: string
  /** Command that prints something else after each start. @default prints the kernel's boot id; on Windows the time of the last start */
  readonly bootId?: string
  /** How long it may take until the machine takes commands again. @default '10m' */
  readonly within?: Duration
  readonly signal?: AbortSignal
}

/**
 * The way into a machine. Every method rejects with `CANCELLED` or `TIMEOUT` when its signal ends it, with `DISCONNECTED` when the
 * connection breaks, and with `MACHINE_LOST` when the machine itself is gone.
 */
export interface Communicator extends AsyncDisposable {
  /**
   * On `windows` a string given to `exec` is a command line of `cmd.exe`, an array is a program with its arguments quoted as Microsoft's C
   * runtime splits them, and paths are Windows', which may have forward slashes. There are neither modes nor owners: transfers that are
   * given some reject with `UNSUPPORTED`. @default posix
   */
  readonly platform?: Platform
  /**
   * How other programs of this machine get in by themselves and find there what commands find here. It is as the last command found it:
   * host keys change when a machine restarts. Not there where there is no such way, or one that would need more than a {@link Connection} says.
   */
  readonly connection?: Connection | undefined
  /**
   * Runs a command and waits for its end. A string is a command of the {@link Platform}'s shell, an array is a program with its arguments
   * (no shell).
   * A command that ends with another code than 0 is a result, not an error.
   */
  exec(command: string | readonly string[], options?: ExecOptions): Promise<ExecResult>
  /**
   * Uploads a file, a directory or content to exactly `destination`; parents are made. A directory's *content* goes into the directory
   * `destination`, beside what is there. Symbolic links stay links.
   */
  upload(source: Source, destination: string, options?: TransferOptions): Promise<void>
  /** Downloads the file or the directory `source` to exactly the local path `destination`, by the same rules. */
  download(source: string, destination: string, options?: TransferOptions): Promise<void>
  /** What stands at `path`, or `undefined` when nothing does. */
  stat(path: string, options?: { readonly signal?: AbortSignal }): Promise<RemoteEntry | undefined>
  /**
   * Restarts the machine, and resolves when it takes commands again. Not there where a machine cannot restart: a container.
   * @throws ImagoError `COMMAND_FAILED` when the command fails, `TIMEOUT` when the machine has not restarted in time.
   */
  restart?(options?: RestartOptions): Promise<void>
  /**
   * Says that a step may restart the machine: the next connection may show another host key than those before it, and no later one. Not
   * there where machines have no such keys.
   */
  expectDisconnect?(): void
}
