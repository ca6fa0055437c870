import type { RemoteEntry } from '@imago/core'
import { ImagoError, isImagoError, messageOf } from '@imago/core'

import type { SshConnection } from './connection.ts'

/** Attributes of a file, as SFTP has them. */
export interface SftpStats {
  /** Type and permission bits, as `stat(2)` has them. */
  readonly mode: number
  readonly size: number
  readonly mtime: number
}

type Callback<T> = (error: Error | null | undefined, value: T) => void
type Done = (error?: Error | null) => void

/** The operations of SFTP that are used here. */
export interface RawSftp {
  open(path: string, flags: 'r' | 'w', mode: number, done: Callback<Buffer>): void
  close(handle: Buffer, done: Done): void
  read(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: Callback<number>): void
  write(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: Done): void
  fsetstat(handle: Buffer, attributes: object, done: Done): void
  setstat(path: string, attributes: object, done: Done): void
  stat(path: string, done: Callback<SftpStats>): void
  lstat(path: string, done: Callback<SftpStats>): void
  ext_openssh_statvfs(path: string, done: Callback<{ readonly f_bavail: number | bigint }>): void
  ext_openssh_lsetstat(path: string, attributes: object, done: Done): void
  mkdir(path: string, done: Done): void
  unlink(path: string, done: Done): void
  rename(from: string, to: string, done: Done): void
  ext_openssh_rename(from: string, to: string, done: Done): void
  readlink(path: string, done: Callback<string>): void
  symlink(target: string, path: string, done: Done): void
  readdir(path: string, done: Callback<readonly { readonly filename: string; readonly attrs: SftpStats }[]>): void
}

const typeBits = 0o170_000

/** Which of these a file is. */
export function kindOf({ mode }: SftpStats): 'file' | 'directory' | 'symlink' | 'other' {
  switch (mode & typeBits) {
    case 0o100_000:
      return 'file'
    case 0o040_000:
      return 'directory'
    case 0o120_000:
      return 'symlink'
    default:
      return 'other'
  }
}

/** Opens SFTP on a connection. @throws ImagoError `UNSUPPORTED` when the server offers none */
export async function openSftp(connection: SshConnection): Promise<SftpSession> {
  try {
    return new SftpSession(await connection.sftp(), connection)
  } catch (error) {
    if (connection.broken !== undefined) throw connection.broken
    throw new ImagoError('UNSUPPORTED', `${connection.target} offers neither 'tar' nor SFTP: ${messageOf(error)}`, {
      cause: error,
      hint: 'install tar in the machine, or turn SFTP on in its sshd_config',
    })
  }
}

/** SFTP with promises, and errors of ours. */
export class SftpSession {
  readonly #raw: RawSftp
  readonly #connection: SshConnection

  constructor(raw: RawSftp, connection: SshConnection) {
    this.#raw = raw
    this.#connection = connection
  }

  async open(path: string, flags: 'r' | 'w', mode: number): Promise<Buffer> {
    return await this.#call<Buffer>(path, (done) => this.#raw.open(path, flags, mode, done))
  }

  async close(handle: Buffer): Promise<void> {
    await this.#call<void>('a file', (done) => this.#raw.close(handle, (error) => done(error)))
  }

  /** Up to `length` bytes; fewer only at the end of the file. */
  async read(handle: Buffer, position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const at = filled
      const count = await this.#call<number>('a file', (done) =>
        this.#raw.read(handle, buffer, at, length - at, position + at, (error, bytes) =>
          isEndOfFile(error) ? done(undefined, 0) : done(error, bytes),
        ),
      )
      if (count === 0) break
      filled += count
    }
    return buffer.subarray(0, filled)
  }

  async write(handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    await this.#call<void>('a file', (done) => this.#raw.write(handle, bytes, 0, bytes.length, position, (error) => done(error)))
  }

  /** Permissions and owner of an open file. */
  async setOpen(handle: Buffer, attributes: object): Promise<void> {
    await this.#call<void>('a file', (done) => this.#raw.fsetstat(handle, attributes, (error) => done(error)))
  }

  /** Permissions and owner. */
  async set(path: string, attributes: object): Promise<void> {
    await this.#call<void>(path, (done) => this.#raw.setstat(path, attributes, (error) => done(error)))
  }

  /** What a path is, links followed. */
  async stat(path: string): Promise<SftpStats | undefined> {
    return await this.#orMissing(path, (done) => this.#raw.stat(path, done))
  }

  /** What a path is; a link is a link. */
  async lstat(path: string): Promise<SftpStats | undefined> {
    return await this.#orMissing(path, (done) => this.#raw.lstat(path, done))
  }

  /** See `Communicator.stat`. */
  async entry(path: string): Promise<RemoteEntry | undefined> {
    const stats = await this.stat(path)
    if (stats === undefined) return undefined
    const kind = kindOf(stats)
    return { kind: kind === 'symlink' ? 'other' : kind, size: kind === 'file' || kind === 'directory' ? stats.size : 0 }
  }

  /** Makes a directory and those above it. */
  async makeDirectory(path: string): Promise<void> {
    const found = await this.stat(path)
    if (found !== undefined && kindOf(found) === 'directory') return
    if (found !== undefined) throw new ImagoError('TRANSFER_FAILED', `'${path}' in the machine is no directory`)
    const end = path.lastIndexOf('/')
    if (end > 0) await this.makeDirectory(path.slice(0, end))
    await this.#call<void>(path, (done) => this.#raw.mkdir(path, (error) => done(error)))
  }

  async remove(path: string): Promise<void> {
    await this.#call<void>(path, (done) => this.#raw.unlink(path, (error) => done(error)))
  }

  /** Renames, and replaces what is there: in one step where the server knows how. */
  async replace(from: string, to: string): Promise<void> {
    try {
      await this.#call<void>(to, (done) => this.#raw.ext_openssh_rename(from, to, (error) => done(error)))
    } catch (error) {
      if (!messageOf(error).includes('not support')) throw error
      if ((await this.lstat(to)) !== undefined) await this.remove(to)
      await this.#call<void>(to, (done) => this.#raw.rename(from, to, (failure) => done(failure)))
    }
  }

  /** Makes a symbolic link in the place of what is there, and gives it to an owner. */
  async link(target: string, path: string, owner?: { readonly uid: number; readonly gid: number }): Promise<void> {
    if ((await this.lstat(path)) !== undefined) await this.remove(path)
    await this.#call<void>(path, (done) => this.#raw.symlink(target, path, (error) => done(error)))
    if (owner !== undefined) await this.#call<void>(path, (done) => this.#raw.ext_openssh_lsetstat(path, owner, (error) => done(error)))
  }

  async readLink(path: string): Promise<string> {
    return await this.#call<string>(path, (done) => this.#raw.readlink(path, done))
  }

  /** What is in a directory, without `.` and `..`, sorted. */
  async list(path: string): Promise<readonly { readonly name: string; readonly stats: SftpStats }[]> {
    const entries = await this.#call<Parameters<Parameters<RawSftp['readdir']>[1]>[1]>(path, (done) => this.#raw.readdir(path, done))
    return entries
      .filter(({ filename }) => filename !== '.' && filename !== '..')
      .map(({ filename, attrs }) => ({ name: filename, stats: attrs }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Whether no block is free where a path is; servers that cannot tell say no. SFTP calls a full disk "failure" like everything else. */
  async hasNoSpace(path: string): Promise<boolean> {
    try {
      const found = await this.#call<{ readonly f_bavail: number | bigint }>(path, (done) => this.#raw.ext_openssh_statvfs(path, done))
      return Number(found.f_bavail) === 0
    } catch {
      return false
    }
  }

  async #orMissing(path: string, request: (done: Callback<SftpStats>) => void): Promise<SftpStats | undefined> {
    return await this.#call<SftpStats | undefined>(path, (done) =>
      request((error, stats) => (statusOf(error) === 2 ? done(undefined, undefined) : done(error, stats))),
    )
  }

  async #call<T>(path: string, request: (done: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> {
    const connection = this.#connection
    if (connection.broken !== undefined) throw connection.broken
    try {
      return await new Promise<T>((resolve, reject) => {
        void connection.closed.then(reject)
        // where nothing is answered, T is void or has undefined
        request((error, value) => (error === undefined || error === null ? resolve(value as T) : reject(error)))
      })
    } catch (error) {
      if (connection.broken !== undefined) throw connection.broken
      if (isImagoError(error)) throw error
      throw sftpError(error, path)
    }
  }
}

/** The status of an answer (SSH_FX_…, draft-ietf-secsh-filexfer-02 §7): 1 end of file, 2 no such file, 3 permission denied. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

function isEndOfFile(error: unknown): boolean {
  return statusOf(error) === 1
}

function sftpError(error: unknown, path: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `${path} in the machine: ${messageOf(error).toLowerCase()}`, { cause: error })
}
