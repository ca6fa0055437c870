import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'

import type { Communicator } from '@imago/core'
import { ImagoError } from '@imago/core'

/** Attributes that a client sets. */
export interface SftpAttributes {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly size?: number
  /** Seconds since 1970. */
  readonly mtime?: number
}

/** What stands at a path. */
export interface SftpEntry {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
}

/** An open file: a copy on this machine. */
export interface SftpFile {
  readonly path: string
  readonly local: string
  readonly handle: FileHandle
  readonly isWritten: boolean
  attributes: SftpAttributes
}

/** What {@link SftpFiles} works with. */
export interface SftpFilesOptions {
  readonly machine: Communicator
  /** A folder for copies of files that are open. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** Prints the entries of a folder, each as `d` or `f` and its name, with a NUL after it. */
const listScript = `cd -- "$1" || exit
for f in * .*; do
  case $f in .|..) continue ;; esac
  [ -e "$f" ] || [ -L "$f" ] || continue
  if [ -d "$f" ]; then printf 'd%s\\0' "$f"; else printf 'f%s\\0' "$f"; fi
done`

/**
 * The files of a machine, as SFTP wants them. A file that is read is downloaded when it is opened, one that is written is uploaded when it
 * is closed. Symbolic links are followed.
 */
export class SftpFiles {
  readonly #options: SftpFilesOptions
  #home: Promise<string> | undefined

  constructor(options: SftpFilesOptions) {
    this.#options = options
  }

  /** An absolute path; relative ones begin where commands run. */
  async absolute(path: string): Promise<string> {
    if (path.startsWith('/')) return posix.normalize(path)
    this.#home ??= this.#run(['sh', '-c', 'pwd']).then((said) => said.replace(/\n$/, '') || '/')
    return posix.resolve(await this.#home, path)
  }

  async stat(path: string): Promise<SftpEntry | undefined> {
    const { machine, signal } = this.#options
    return await machine.stat(await this.absolute(path), { signal })
  }

  /** Opens a file for reading. @returns `undefined` when there is none */
  async openToRead(path: string): Promise<SftpFile | undefined> {
    const { machine, signal } = this.#options
    const target = await this.absolute(path)
    if ((await machine.stat(target, { signal }))?.kind !== 'file') return undefined
    const local = this.#copy()
    await machine.download(target, local, { signal })
    return { path: target, local, handle: await open(local, 'r'), isWritten: false, attributes: {} }
  }

  /** Opens a file for writing: a new one, or with `keeps` the content that it has. */
  async openToWrite(path: string, attributes: SftpAttributes, { keeps }: { readonly keeps: boolean }): Promise<SftpFile> {
    const { machine, signal } = this.#options
    const target = await this.absolute(path)
    const found = await machine.stat(target, { signal })
    if (found?.kind === 'directory') throw new ImagoError('TRANSFER_FAILED', `'${path}' is a directory`)
    if (found === undefined && (await this.stat(posix.dirname(target)))?.kind !== 'directory') {
      throw new ImagoError('INPUT_MISSING', `there is no directory '${posix.dirname(target)}'`)
    }
    const local = this.#copy()
    if (keeps && found !== undefined) await machine.download(target, local, { signal })
    return {
      path: target,
      local,
      handle: await open(local, keeps && found !== undefined ? 'r+' : 'w+', 0o600),
      isWritten: true,
      attributes,
    }
  }

  /** Closes a file; what was written goes over. */
  async close({ path, local, handle, isWritten, attributes }: SftpFile): Promise<void> {
    const { machine, signal } = this.#options
    await handle.close()
    try {
      if (!isWritten) return
      await machine.upload({ path: local }, path, { mode: (attributes.mode ?? 0o644) & 0o7777, signal })
      const { mode: _, size: __, ...others } = attributes
      await this.setAttributes(path, others)
    } finally {
      await rm(local, { force: true })
    }
  }

  /** Closes a file without a word to the machine. */
  async drop({ local, handle }: SftpFile): Promise<void> {
    await handle.close()
    await rm(local, { force: true })
  }

  async setAttributes(path: string, { mode, uid, gid, mtime }: SftpAttributes): Promise<void> {
    const target = await this.absolute(path)
    if (mode !== undefined) await this.#run(['chmod', (mode & 0o7777).toString(8), target])
    if (uid !== undefined && gid !== undefined) await this.#run(['chown', `${uid}:${gid}`, target])
    if (mtime !== undefined) await this.#run(['touch', '-c', '-d', `@${mtime}`, target])
  }

  async list(path: string): Promise<readonly { readonly name: string; readonly kind: 'file' | 'directory' }[]> {
    const said = await this.#run(['sh', '-c', listScript, 'sh', await this.absolute(path)])
    return said
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => ({ name: entry.slice(1), kind: entry.startsWith('d') ? 'directory' : 'file' }))
  }

  async makeDirectory(path: string, { mode }: SftpAttributes): Promise<void> {
    await this.#run(['mkdir', ...(mode === undefined ? [] : ['-m', (mode & 0o7777).toString(8)]), await this.absolute(path)])
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#run(['rmdir', await this.absolute(path)])
  }

  async remove(path: string): Promise<void> {
    await this.#run(['rm', await this.absolute(path)])
  }

  /** Gives a file another name. What has that name already stays, and it is an error. */
  async rename(from: string, to: string): Promise<void> {
    if ((await this.stat(to)) !== undefined) throw new ImagoError('TRANSFER_FAILED', `'${to}' is there already`)
    await this.#run(['mv', await this.absolute(from), await this.absolute(to)])
  }

  async link(target: string, path: string): Promise<void> {
    await this.#run(['ln', '-s', target, await this.absolute(path)])
  }

  async linkTarget(path: string): Promise<string> {
    return (await this.#run(['readlink', await this.absolute(path)])).replace(/\n$/, '')
  }

  #copy(): string {
    return join(this.#options.folder, randomBytes(8).toString('hex'))
  }

  /** Runs a program, and answers with what it printed. @throws ImagoError `COMMAND_FAILED` with what it said */
  async #run(command: readonly string[]): Promise<string> {
    const { machine, signal } = this.#options
    const said: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
    const { exitCode } = await machine.exec(command, { signal, onOutput: (stream, chunk) => said[stream].push(Uint8Array.from(chunk)) })
    if (exitCode === 0) return Buffer.concat(said.stdout).toString('utf8')
    throw new ImagoError('COMMAND_FAILED', Buffer.concat(said.stderr).toString('utf8').trim() || `'${command[0] ?? ''}' failed`, {
      exitCode,
    })
  }
}
