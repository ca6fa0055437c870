import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'

import { createKeyPair } from '@imago/communicator-ssh'
import type { Secret } from '@imago/core'
import { reveal } from '@imago/core'
import type * as Ssh2 from 'ssh2'
import type { AuthContext, ServerChannel, SFTPWrapper } from 'ssh2'

import type { ExecChannel } from './exec-channel.ts'
import type { SftpStream } from './serve-sftp.ts'

/** What the server does with what clients ask for. */
export interface ServerHandlers {
  readonly onExec: (command: string, channel: ExecChannel) => void
  readonly onSftp: (stream: SftpStream) => void
}

/** A running server. */
export interface RunningServer {
  readonly port: number
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string
  /** The private key that may log in, as whichever user. */
  readonly clientKey: Secret
  /** Ends it with all connections. */
  close(): Promise<void>
}

/** Starts an SSH server on a free port of 127.0.0.1, with keys of its own. It knows commands and SFTP, and nothing else. */
export async function startServer({ onExec, onSftp }: ServerHandlers): Promise<RunningServer> {
  const ssh2 = createRequire(import.meta.url)('ssh2') as typeof Ssh2 // its own types; it is CommonJS
  // not ssh2's own: a few in a thousand of its ed25519 keys are malformed
  const [host, client] = await Promise.all([createKeyPair(), createKeyPair()])
  const authenticate = authenticator(ssh2, client.publicKey)
  const ssh = new ssh2.Server({ hostKeys: [reveal(host.privateKey)] }, (connection) => {
    connection.on('error', () => undefined) // a client that goes away without a word
    connection.on('authentication', authenticate)
    connection.on('session', (accept) => {
      const session = accept()
      session.on('pty', (accept) => accept())
      session.on('exec', (accept, _, { command }) => onExec(command, execChannel(accept())))
      session.on('sftp', (accept) => {
        const stream = accept()
        stream.once('end', () => endWell(stream))
        onSftp(stream)
      })
    })
  })
  const sockets = new Set<Socket>()
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    ssh.injectSocket(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port, // it listens on TCP
    hostKey: host.publicKey,
    clientKey: client.privateKey,
    async close() {
      const closed = once(listener, 'close')
      listener.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A channel as we want it. The library's must not be written to from two sides at a time. */
function execChannel(channel: ServerChannel): ExecChannel {
  const closed = new Promise<void>((resolve) => {
    channel.once('close', () => resolve()).on('error', () => resolve())
  })
  return {
    stdin: channel,
    closed,
    write: (stream, chunk) =>
      new Promise((resolve) => {
        // Private parts of a pinned version: what had to wait for room is kept, and sent again when the other stream has to wait. A test has
        // both of them wait.
        for (const name of ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr']) Reflect.set(channel, name, undefined)
        const to = stream === 'stdout' ? channel : channel.stderr
        to.write(chunk, () => resolve())
      }),
    end(exitCode) {
      channel.exit(exitCode)
      channel.end()
    },
  }
}

/** Ends an SFTP session whose client has no more to say: `scp` waits for it, and fails without an exit code. */
function endWell(stream: SFTPWrapper): void {
  // private parts of a pinned version, which has no way to send one for SFTP; a test runs scp
  const protocol = Reflect.get(stream, '_protocol') as { exitStatus(channel: number, code: number): void }
  const { id } = Reflect.get(stream, 'outgoing') as { readonly id: number }
  protocol.exitStatus(id, 0)
  stream.end()
}

/** Lets in whoever has the private key. */
function authenticator(ssh2: typeof Ssh2, publicKey: string): (context: AuthContext) => void {
  const allowed = ssh2.utils.parseKey(publicKey)
  if (allowed instanceof Error) throw allowed
  return (context) => {
    if (context.method !== 'publickey' || !context.key.data.equals(allowed.getPublicSSH())) {
      context.reject(['publickey'])
      return
    }
    const { blob, signature, hashAlgo } = context
    // without a signature it only asks whether this key will do; a broken one is an Error, against the types
    const answer: unknown = signature === undefined || (blob !== undefined && allowed.verify(blob, signature, hashAlgo))
    if (answer === true) context.accept()
    else context.reject(['publickey'])
  }
}
