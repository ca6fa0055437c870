import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'

import { abortError, fileSystemError, ImagoError } from '@imago/core'

const blockSize = 512
/** Bytes of a long name or of pax records; no honest archive has more. */
const maxRecords = 1 << 20

/** Where the content of a file is in an archive. */
export interface TarPlace {
  /** Path in the archive, parts joined by `/`. */
  readonly name: string
  /** Bytes from the beginning of the archive. */
  readonly start: number
  /** Bytes. */
  readonly size: number
}

/**
 * Where each file of an archive is that is not compressed, in their order; directories and links are left out. Only headers are read,
 * however large the files are.
 * @throws ImagoError `INPUT_MISSING` when it cannot be opened, `TRANSFER_FAILED` when it is no archive, or ends in the middle of a file
 * @example const disks = (await tarIndex('cow.ova')).filter(({ name }) => name.endsWith('.vmdk'))
 */
export async function tarIndex(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<readonly TarPlace[]> {
  const file = await open(path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${path}'`)
  })
  try {
    return await placesOf({ file, path, total: (await file.stat()).size }, signal)
  } finally {
    await file.close()
  }
}

interface Archive {
  readonly file: FileHandle
  readonly path: string
  /** Bytes. */
  readonly total: number
}

async function placesOf(archive: Archive, signal: AbortSignal | undefined): Promise<readonly TarPlace[]> {
  const places: TarPlace[] = []
  let known: Known = {}
  for (let at = 0; at < archive.total;) {
    if (signal?.aborted === true) throw abortError(signal)
    const header = decodeHeader(await readBytes(archive, at, blockSize), archive)
    if (header === undefined) break
    const start = at + blockSize
    const size = known.size ?? header.size
    if (start + size > archive.total) throw broken(archive, 'it ends in the middle of a file')
    switch (header.type) {
      case 'x':
        known = { ...known, ...paxRecords(await readRecords(archive, start, size), archive) }
        break
      case 'L':
        known = { ...known, name: textOf(await readRecords(archive, start, size)) }
        break
      case 'S':
        throw broken(archive, 'it keeps files without their holes')
      default:
        if (isFile(header)) places.push({ name: known.name ?? header.name, start, size })
        if (header.type !== 'g') known = {}
    }
    at = start + Math.ceil(size / blockSize) * blockSize
  }
  return places
}

/** What stands before a header about its file. */
interface Known {
  readonly name?: string
  readonly size?: number
}

interface Header {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** As in archives from before POSIX, where a directory is a file whose name ends in a slash. */
function isFile({ type, name }: Header): boolean {
  return (type === '0' || type === '\0' || type === '7') && !name.endsWith('/')
}

/** A header, or `undefined` for the empty block that ends the archive. */
function decodeHeader(block: Buffer, archive: Archive): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  const spaces = 8 * 0x20 // the checksum is taken with spaces in its own place
  const sum = block.reduce((total, byte, index) => (index >= 148 && index < 156 ? total : total + byte), spaces)
  if (sum !== numberAt(block, 148, 8)) throw broken(archive, 'it is damaged, or no such archive')
  const type = block.toString('latin1', 156, 157)
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textOf(block.subarray(345, 500)) : ''
  const name = textOf(block.subarray(0, 100))
  const hasContent = !'123456'.includes(type)
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: hasContent ? numberAt(block, 124, 12) : 0, type }
}

/** A number in octal digits, or, as GNU writes those that are too large for them, in bytes. */
function numberAt(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length)
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(field.toString('latin1').trim() || '0', 8)
  return Number(BigInt(`0x${field.toString('hex')}`) & ((1n << 63n) - 1n))
}

/** `<length> <key>=<value>\n`, one after another. */
function paxRecords(records: Buffer, archive: Archive): Known {
  const found = new Map<string, string>()
  for (let at = 0; at < records.length;) {
    const length = Number.parseInt(records.toString('latin1', at, at + 20), 10)
    if (!(length > 0)) break
    const record = records.toString('utf8', at, at + length - 1).replace(/^\d+ /, '')
    if (record.startsWith('GNU.sparse.')) throw broken(archive, 'it keeps files without their holes')
    const equals = record.indexOf('=')
    found.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  const [name, size] = [found.get('path'), found.get('size')]
  return { ...(name !== undefined && { name }), ...(size !== undefined && { size: Number(size) }) }
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}

async function readRecords(archive: Archive, start: number, size: number): Promise<Buffer> {
  if (size > maxRecords) throw broken(archive, `it has a name of ${size} bytes`)
  return await readBytes(archive, start, size)
}

async function readBytes({ file, path, total }: Archive, start: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, start)
  if (bytesRead < size) throw broken({ file, path, total }, 'it ends in the middle')
  return buffer
}

function broken({ path }: Archive, why: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `'${path}' cannot be read as a tar archive: ${why}`)
}
