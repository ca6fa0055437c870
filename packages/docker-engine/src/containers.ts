import type { Readable, Writable } from 'node:stream'

import type { CallOptions } from './engine.ts'
import type { ImageConfig, RepositoryTag } from './images.ts'

/** The containers of an engine. A container is named by its id or by its name. */
export interface Containers {
  /** Creates a container and answers with its id. @throws `IMAGE_NOT_FOUND` */
  create(spec: ContainerSpec, options?: CallOptions): Promise<string>
  start(container: string, options?: CallOptions): Promise<void>
  /** Kills all its processes and starts it again. Its file system stays. */
  restart(container: string, options?: CallOptions): Promise<void>
  /** Asks the main process to end, and kills it when it has not after so many seconds. One that has ended is no error. */
  stop(container: string, options?: StopOptions): Promise<void>
  /** Kills the main process, and all others with it. One that has ended is no error, nor is a container that is gone. */
  kill(container: string, options?: CallOptions): Promise<void>
  /** Waits until the main process has ended; answers with its exit code. @throws `MACHINE_LOST` */
  wait(container: string, options?: CallOptions): Promise<number>
  /** What the main process has printed so far, both outputs as they came. @throws `MACHINE_LOST` */
  logs(container: string, options?: CallOptions): Promise<string>
  /** What is known of a container; `undefined` when there is none. */
  inspect(container: string, options?: CallOptions): Promise<ContainerDetails | undefined>
  /** Kills and removes a container and its anonymous volumes. One that is not there is no error. */
  remove(container: string, options?: CallOptions): Promise<void>
  /** The containers, running or not, that have all these labels; a value of `undefined` means any. */
  list(labels: Readonly<Record<string, string | undefined>>, options?: CallOptions): Promise<readonly ListedContainer[]>
  /** Runs a command in a running container. @throws `MACHINE_LOST`; `COMMAND_FAILED` (126, 127) when it cannot be started */
  exec(container: string, request: ExecRequest): Promise<RunningExec>
  /** What stands at a path; `undefined` when nothing does. A symbolic link is not followed. */
  stat(container: string, path: string, options?: CallOptions): Promise<ContainerPath | undefined>
  /** A path as a tar stream, its entries named from the path's last part on. @throws `INPUT_MISSING` */
  getArchive(container: string, path: string, options?: CallOptions): Promise<Readable>
  /** Unpacks a tar stream into a directory that exists, owners by number. A directory never gives way to something else, nor the other way round. Fails with the stream's own error. @throws `INPUT_MISSING` */
  putArchive(container: string, directory: string, archive: Readable, options?: CallOptions): Promise<void>
  /** Makes an image of a container's changes; answers with its id. The container is paused meanwhile. */
  commit(container: string, options: CommitOptions): Promise<string>
  /** The whole file system as a tar stream. */
  export(container: string, options?: CallOptions): Promise<Readable>
}

/** What to create. */
export interface ContainerSpec {
  readonly name: string
  readonly image: string
  /** `linux/arm64` */
  readonly platform?: string
  /** The main process, in the place of the image's own ENTRYPOINT and CMD. */
  readonly command: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  /** @default the image's */
  readonly user?: string
  readonly hostname?: string
  /** Keep standard input open, with nobody at the other end. @default false */
  readonly openStdin?: boolean
  /** `host or volume:container[:options]` */
  readonly volumes?: readonly string[]
  /** `bridge`, `none`, `host`, a network's name. @default the engine's */
  readonly network?: string
  readonly privileged?: boolean
  /** `apparmor=unconfined` */
  readonly securityOptions?: readonly string[]
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  /** Mount options by path. */
  readonly tmpfs?: Readonly<Record<string, string>>
  /** `name:address` */
  readonly extraHosts?: readonly string[]
  /** `host[:container[:permissions]]` */
  readonly devices?: readonly string[]
  /** Bytes. */
  readonly memory?: number
  /** What runs it: `runsc`. @default the engine's */
  readonly runtime?: string
  /** Run a small init as process 1. */
  readonly init?: boolean
}

/** How a container is. */
export interface ContainerDetails {
  readonly id: string
  readonly running: boolean
  /** Of the main process, once it has ended. */
  readonly exitCode: number
  /** The kernel killed it for want of memory. */
  readonly outOfMemory: boolean
  /** What the engine says went wrong. */
  readonly error: string
  /** In the network that it was created in; empty while it does not run, and where it has none of its own. */
  readonly address: string
}

/** How to stop. */
export interface StopOptions extends CallOptions {
  /** Seconds until it is killed. @default 10 */
  readonly patience?: number
}

/** A container of a list. */
export interface ListedContainer {
  readonly id: string
  readonly name: string
  /** Of the image that it was created from, `sha256:…`. */
  readonly imageId: string
  readonly labels: Readonly<Record<string, string>>
}

/** What to run. */
export interface ExecRequest extends CallOptions {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** @default the container's */
  readonly user?: string
  /** Whether there is a standard input to write to. @default false */
  readonly stdin?: boolean
  /** Receives the output as it comes. */
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
}

/** A command that runs in a container. */
export interface RunningExec {
  /** The command's standard input; ending it makes the command read an end of file. Without `stdin`, it takes nothing. */
  readonly stdin: Writable
  /** Resolves when both outputs are at their end or the connection broke. It never rejects. */
  readonly ended: Promise<void>
  /** How it ended; `undefined` while it runs, or when the engine does not know. */
  exitCode(options?: CallOptions): Promise<number | undefined>
  /** Lets go of it. The command goes on, and reads an end of file. */
  close(): void
}

/** What stands at a path of a container. */
export interface ContainerPath {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Bytes. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Where a symbolic link leads; else empty. */
  readonly linkTarget: string
}

/** How to commit. */
export interface CommitOptions extends CallOptions {
  /** The image's name. @default none */
  readonly name?: RepositoryTag
  readonly author?: string
  readonly message?: string
  /** The image whose configuration the new one gets, ENTRYPOINT and CMD included: the one that the container was created from. */
  readonly base: string
  /**
   * Changes to that: environment, labels, ports and volumes are added, the rest takes the place of what is there; a new entrypoint drops
   * the old command.
   */
  readonly config?: ImageConfig
  /** Dockerfile instructions, applied last: `ENV A=b`. */
  readonly changes?: readonly string[]
  /** Stop the container's processes meanwhile, so that no file changes while it is read. @default true */
  readonly pause?: boolean
}
