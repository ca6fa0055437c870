import type { Duplex, Readable, Writable } from 'node:stream'

import type { ImagoError } from '@imago/core'

import type { SshAlgorithms } from './algorithms.ts'
import type { Credential } from './credentials.ts'
import type { RawSftp } from './sftp-session.ts'

/** A host and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** A program that runs in the machine, with a channel of its own. All its output must be taken, or it waits. */
export interface SshProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, 128 + n when signal n ended it; `undefined` when the channel closed without one. */
  readonly exited: Promise<number | undefined>
  /** The channel is closed, and all output was handed over. */
  readonly closed: Promise<void>
  /** Asks the server to kill it; servers may not do that. */
  kill(): void
  /** Closes the channel. */
  close(): void
}

/** An authenticated connection. */
export interface SshConnection {
  /** `user@host:port`, for messages. */
  readonly target: string
  /** What the server has taken at the login. */
  readonly credentials: readonly Credential[]
  /** Resolves when the connection is gone, with the reason. */
  readonly closed: Promise<ImagoError>
  /** The reason, once it is gone. */
  readonly broken: ImagoError | undefined
  /** Starts a command the way the server does it, in most cases with the user's login shell. */
  exec(command: string, env?: Readonly<Record<string, string>>): Promise<SshProcess>
  sftp(): Promise<RawSftp>
  /** Connects to an address that the server sees. */
  dial(address: Address): Promise<Duplex>
  /** Lets the server listen; each connection to it is handed over. */
  listen(bind: Address, onConnection: (stream: Duplex) => void): Promise<void>
  close(): void
}

/** What a connection needs, apart from the stream that it goes over. */
export interface HandshakeOptions {
  readonly target: string
  readonly user: string
  readonly credentials: readonly Credential[]
  /** Says what is wrong with the server's key. */
  readonly checkHostKey: (key: Buffer) => ImagoError | undefined
  readonly algorithms: Required<SshAlgorithms>
  readonly compression: boolean
  /** Path of the agent's socket to forward. */
  readonly forwardAgent: string | undefined
  readonly keepAlive: { readonly intervalMs: number; readonly count: number } | undefined
  readonly readWriteTimeoutMs: number | undefined
  /** Milliseconds from the server's first words to a login. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}
