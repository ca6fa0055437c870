import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator, SshConnection } from '@imago/core'

import { runInChannel } from './exec-channel.ts'
import { serveSftp } from './serve-sftp.ts'
import { SftpFiles } from './sftp-files.ts'
import { startServer } from './ssh2-server.ts'

/** A way for SSH's programs into a machine that has no SSH server. */
export interface Adapter extends AsyncDisposable {
  readonly connection: SshConnection
}

/** What {@link startAdapter} takes. */
export interface AdapterOptions {
  readonly machine: Communicator
  /** Whose its commands are, for programs that want to know. */
  readonly user: string
  /** A folder for files on their way, which is removed later on. */
  readonly folder: string
  /** Ends what runs. */
  readonly signal: AbortSignal
}

/**
 * Starts an SSH server on a port of 127.0.0.1 that hands commands and files over to a communicator: `ssh`, `scp` and `sftp` work with it.
 * Its host key, and the one key that may log in, are made for it, and are nowhere else. Disposing ends it with all that runs through it.
 */
export async function startAdapter({ machine, user, folder, signal }: AdapterOptions): Promise<Adapter> {
  const closing = new AbortController()
  const ended = AbortSignal.any([signal, closing.signal])
  const transfers = join(folder, 'transfers')
  await mkdir(transfers, { recursive: true, mode: 0o700 })
  const files = new SftpFiles({ machine, folder: transfers, signal: ended })
  const server = await startServer({
    onExec: (command, channel) => void runInChannel(machine, command, channel, ended),
    onSftp: (stream) => serveSftp(stream, files),
  })
  return {
    connection: {
      kind: 'ssh',
      host: '127.0.0.1',
      port: server.port,
      user,
      keys: [{ privateKey: server.clientKey }],
      hostKey: server.hostKey,
      bastions: [],
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await server.close()
    },
  }
}
