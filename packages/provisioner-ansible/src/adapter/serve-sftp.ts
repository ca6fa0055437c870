import { isImagoError, messageOf } from '@imago/core'

import type { SftpAttributes, SftpEntry, SftpFile, SftpFiles } from './sftp-files.ts'

/** Codes of answers (draft-ietf-secsh-filexfer-02 §7). */
const status = { ok: 0, endOfFile: 1, noSuchFile: 2, failure: 4, unsupported: 8 } as const
/** Flags of opening a file (§6.3). */
const flag = { write: 2, append: 4, truncate: 16 } as const
/** Bits of a mode that say what a thing is. */
const modes = { file: 0o100644, directory: 0o040755, other: 0o100644 } as const

/** Attributes in an answer. */
interface AnsweredAttributes {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly atime: number
  readonly mtime: number
}

/** What is known of an open handle. */
type Handle = { readonly file: SftpFile } | { entries: readonly { readonly name: string; readonly kind: 'file' | 'directory' }[] }

/** The side of SFTP that answers, as the library has it. Each request has a number, and one answer. */
export interface SftpStream {
  on(event: string, listener: (id: number, ...args: never[]) => void): unknown
  status(id: number, code: number, message?: string): void
  handle(id: number, handle: Buffer): void
  data(id: number, data: Buffer): void
  name(id: number, names: { filename: string; longname: string; attrs: AnsweredAttributes }[]): void
  attrs(id: number, attrs: AnsweredAttributes): void
}

/**
 * Answers the requests of SFTP, version 3, from the files of a machine, one after the other: `scp` of OpenSSH 9 cuts a file off where the
 * first answer was that came before its turn.
 */
export function serveSftp(stream: SftpStream, files: SftpFiles): void {
  const session = new SftpSession(stream, files)
  let answered = Promise.resolve()
  const answer = (event: string, work: (id: number, ...args: never[]) => Promise<void>): void => {
    stream.on(event, (id, ...args) => {
      answered = answered
        .then(() => work(id, ...args))
        .catch((error: unknown) => {
          stream.status(id, isImagoError(error, 'INPUT_MISSING') ? status.noSuchFile : status.failure, messageOf(error))
        })
    })
  }
  const done = (event: string, work: (...args: never[]) => Promise<void>): void =>
    answer(event, async (id, ...args) => {
      await work(...args)
      stream.status(id, status.ok)
    })
  answer('OPEN', (id, path: string, flags: number, attrs: SftpAttributes) => session.open(id, path, flags, attrs))
  answer('READ', (id, handle: Buffer, offset: number, length: number) => session.read(id, handle, offset, length))
  answer('READDIR', (id, handle: Buffer) => session.readDirectory(id, handle))
  answer('OPENDIR', (id, path: string) => session.openDirectory(id, path))
  answer('REALPATH', (id, path: string) => session.realPath(id, path))
  answer('READLINK', (id, path: string) => session.readLink(id, path))
  answer('STAT', (id, path: string) => session.stat(id, path))
  answer('LSTAT', (id, path: string) => session.stat(id, path))
  answer('FSTAT', (id, handle: Buffer) => session.statHandle(id, handle))
  done('WRITE', (handle: Buffer, offset: number, data: Buffer) => session.write(handle, offset, data))
  done('FSETSTAT', (handle: Buffer, attrs: SftpAttributes) => session.setHandle(handle, attrs))
  done('CLOSE', (handle: Buffer) => session.close(handle))
  done('SETSTAT', (path: string, attrs: SftpAttributes) => files.setAttributes(path, attrs))
  done('MKDIR', (path: string, attrs: SftpAttributes) => files.makeDirectory(path, attrs))
  done('RMDIR', (path: string) => files.removeDirectory(path))
  done('REMOVE', (path: string) => files.remove(path))
  done('RENAME', (from: string, to: string) => files.rename(from, to))
  done('SYMLINK', (path: string, target: string) => files.link(target, path))
  stream.on('close', () => void answered.then(() => session.closeAll()))
  stream.on('EXTENDED', (id) => stream.status(id, status.unsupported))
}

/** The handles that a client has open. */
class SftpSession {
  readonly #stream: SftpStream
  readonly #files: SftpFiles
  readonly #handles = new Map<number, Handle>()
  #last = 0

  constructor(stream: SftpStream, files: SftpFiles) {
    this.#stream = stream
    this.#files = files
  }

  async open(id: number, path: string, flags: number, attributes: SftpAttributes): Promise<void> {
    if ((flags & flag.write) === 0) {
      const file = await this.#files.openToRead(path)
      if (file === undefined) this.#stream.status(id, status.noSuchFile)
      else this.#answerHandle(id, { file })
      return
    }
    const keeps = (flags & flag.truncate) === 0
    this.#answerHandle(id, { file: await this.#files.openToWrite(path, attributes, { keeps }) })
  }

  async read(id: number, handle: Buffer, offset: number, length: number): Promise<void> {
    const { buffer, bytesRead } = await this.#file(handle).handle.read(Buffer.alloc(Math.min(length, 256 * 1024)), 0, undefined, offset)
    if (bytesRead === 0) this.#stream.status(id, status.endOfFile)
    else this.#stream.data(id, buffer.subarray(0, bytesRead))
  }

  async write(handle: Buffer, offset: number, data: Buffer): Promise<void> {
    await this.#file(handle).handle.write(data, 0, data.length, offset)
  }

  async setHandle(handle: Buffer, attributes: SftpAttributes): Promise<void> {
    const file = this.#file(handle)
    file.attributes = { ...file.attributes, ...attributes }
    if (attributes.size !== undefined && file.isWritten) await file.handle.truncate(attributes.size)
  }

  async close(handle: Buffer): Promise<void> {
    const found = this.#handles.get(handle.readUInt32BE())
    this.#handles.delete(handle.readUInt32BE())
    if (found !== undefined && 'file' in found) await this.#files.close(found.file)
  }

  /** Closes what a client that went away has left open. What it wrote did not come to its end, and does not go over. */
  async closeAll(): Promise<void> {
    const open = [...this.#handles.values()]
    this.#handles.clear()
    for (const handle of open) if ('file' in handle) await this.#files.drop(handle.file).catch(() => undefined) // its folder goes anyway
  }

  async openDirectory(id: number, path: string): Promise<void> {
    const found = await this.#files.stat(path)
    if (found?.kind === 'directory') this.#answerHandle(id, { entries: await this.#files.list(path) })
    else this.#stream.status(id, found === undefined ? status.noSuchFile : status.failure)
  }

  async readDirectory(id: number, handle: Buffer): Promise<void> {
    const found = this.#handles.get(handle.readUInt32BE())
    if (found === undefined || 'file' in found) throw new Error('this is no open directory')
    const next = found.entries.slice(0, 100)
    found.entries = found.entries.slice(100)
    await Promise.resolve()
    if (next.length === 0) this.#stream.status(id, status.endOfFile)
    else
      this.#stream.name(
        id,
        next.map(({ name, kind }) => named(name, { kind, size: 0 })),
      )
  }

  async stat(id: number, path: string): Promise<void> {
    const found = await this.#files.stat(path)
    if (found === undefined) this.#stream.status(id, status.noSuchFile)
    else this.#stream.attrs(id, attributesOf(found))
  }

  async statHandle(id: number, handle: Buffer): Promise<void> {
    const { size } = await this.#file(handle).handle.stat()
    this.#stream.attrs(id, attributesOf({ kind: 'file', size }))
  }

  async realPath(id: number, path: string): Promise<void> {
    this.#stream.name(id, [named(await this.#files.absolute(path), { kind: 'other', size: 0 })])
  }

  async readLink(id: number, path: string): Promise<void> {
    this.#stream.name(id, [named(await this.#files.linkTarget(path), { kind: 'other', size: 0 })])
  }

  #answerHandle(id: number, handle: Handle): void {
    const number = ++this.#last
    this.#handles.set(number, handle)
    const name = Buffer.alloc(4)
    name.writeUInt32BE(number)
    this.#stream.handle(id, name)
  }

  #file(handle: Buffer): SftpFile {
    const found = this.#handles.get(handle.readUInt32BE())
    if (found === undefined || !('file' in found)) throw new Error('this is no open file')
    return found.file
  }
}

function attributesOf({ kind, size }: SftpEntry): AnsweredAttributes {
  const now = Math.floor(Date.now() / 1000)
  return { mode: modes[kind], uid: 0, gid: 0, size, atime: now, mtime: now }
}

function named(filename: string, entry: SftpEntry): { filename: string; longname: string; attrs: AnsweredAttributes } {
  return { filename, longname: filename, attrs: attributesOf(entry) }
}
