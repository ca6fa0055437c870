import type { ShellSession } from '@imago/core'
import { ImagoError, isImagoError, openShellSession } from '@imago/core'

import type { SshConnection } from './connection.ts'
import { openSftp } from './sftp-session.ts'
import type { SftpSession } from './sftp-session.ts'
import { shellTransport } from './shell-transport.ts'
import type { SshAccess } from './ssh-options.ts'

/** How long a shell may take to start before the machine counts as one without, in milliseconds. */
const shellMs = 20_000

/** What a script printed, and how it ended. */
export interface Answer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Who we are in the machine, and what it has. */
export interface MachineFacts {
  readonly uid: number
  readonly gid: number
  /** Which `tar` it has: GNU's and libarchive's (BSD, macOS) know more than those of small systems. */
  readonly tar: 'gnu' | 'bsd' | 'other' | undefined
  /** Whether `printf` is part of the shell: what it prints is then in no process list. */
  readonly hasPrintf: boolean
}

/** What a {@link Link} needs beside its connection. */
export interface LinkOptions {
  readonly transfer: NonNullable<SshAccess['transfer']>
  /** Tells the user something. */
  readonly say: (level: 'info' | 'warning', text: string) => void
}

/** One connection to the machine, with what is open on it. */
export class Link {
  readonly connection: SshConnection
  readonly transfer: LinkOptions['transfer']
  readonly say: LinkOptions['say']
  #session: Promise<ShellSession | undefined> | undefined
  #facts: Promise<MachineFacts | undefined> | undefined
  #sftp: Promise<SftpSession> | undefined

  constructor(connection: SshConnection, { transfer, say }: LinkOptions) {
    this.connection = connection
    this.transfer = transfer
    this.say = say
  }

  /** The shell that stays open, or `undefined` when the machine has no POSIX shell. */
  async session(): Promise<ShellSession | undefined> {
    this.#session ??= this.#openSession()
    return await this.#session
  }

  /** Runs a script in the shell that is open; `undefined` when the machine has none. */
  async ask(script: string, signal?: AbortSignal): Promise<Answer | undefined> {
    const session = await this.session()
    if (session === undefined) return undefined
    const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] }
    const { exitCode } = await session.exec(script, {
      ...(signal !== undefined && { signal }),
      onOutput: (stream, chunk) => chunks[stream].push(Uint8Array.from(chunk)),
    })
    return { exitCode, stdout: Buffer.concat(chunks.stdout).toString('utf8'), stderr: Buffer.concat(chunks.stderr).toString('utf8') }
  }

  /** `undefined` when the machine has no POSIX shell. */
  async facts(): Promise<MachineFacts | undefined> {
    this.#facts ??= this.#learnFacts()
    return await this.#facts
  }

  /** @throws ImagoError `UNSUPPORTED` when the server offers no SFTP */
  async sftp(): Promise<SftpSession> {
    this.#sftp ??= openSftp(this.connection)
    return await this.#sftp
  }

  async close(): Promise<void> {
    this.connection.close()
    await this.connection.closed
  }

  async #learnFacts(): Promise<MachineFacts | undefined> {
    const answer = await this.ask(`printf '%s %s ' "$(id -u)" "$(id -g)"
if command -v tar >/dev/null; then
  case $(tar --version 2>/dev/null) in *'GNU tar'*) printf gnu ;; *bsdtar*) printf bsd ;; *) printf other ;; esac
fi
printf ' '; command -v printf`)
    if (answer === undefined) return undefined
    const [uid, gid, tar, printf] = answer.stdout.trim().split(' ')
    return {
      uid: Number(uid),
      gid: Number(gid),
      tar: tar === 'gnu' || tar === 'bsd' || tar === 'other' ? tar : undefined,
      hasPrintf: printf === 'printf',
    }
  }

  async #openSession(): Promise<ShellSession | undefined> {
    const { connection } = this
    const openShell = async () => shellTransport(await connection.exec('sh'), connection)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ImagoError('UNSUPPORTED', 'the shell does not answer')), shellMs)
    })
    try {
      const transport = await openShell()
      const session = await Promise.race([openShellSession(transport, openShell), late])
      void transport.closed.then(() => (this.#session = undefined)) // a command may end its shell; the next one gets a new shell
      return session
    } catch (error) {
      if (connection.broken !== undefined) throw connection.broken
      if (!isImagoError(error)) throw error
      return undefined // refused, ended at once or silent: no POSIX shell
    } finally {
      clearTimeout(timer)
    }
  }
}
