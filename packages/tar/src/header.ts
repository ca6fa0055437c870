import { isAscii, isUtf8 } from 'node:buffer'
import { posix } from 'node:path'

import type { TarEntry } from './entry.ts'
import { contentSize, sparsePrefix } from './sparse-format.ts'

const blockSize = 512
const slash = Buffer.from('/')
const empty = Buffer.alloc(0)
/** The largest numbers that the fields' octal digits hold. */
const maxId = 0o7777777
const maxSize = 0o77777777777

const typeFlags = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const satisfies Record<TarEntry['type'], string>

/** The two empty blocks that end an archive. */
export const endOfArchive: Uint8Array = Buffer.alloc(2 * blockSize)

/** The zeros that fill the last block of `size` bytes. */
export function padding(size: number): Uint8Array {
  return endOfArchive.subarray(0, (blockSize - (size % blockSize)) % blockSize)
}

/**
 * The header of an entry, whole blocks: POSIX ustar; pax records (POSIX.1-2001) before it for what ustar cannot say; GNU's long
 * names for long names that are no text, which pax cannot say either; the map of a file with holes behind it.
 */
export function encodeHeader(entry: TarEntry): Uint8Array {
  const name = entryName(entry)
  if (entry.type === 'file' && entry.extents !== undefined) {
    const { records, map } = sparsePrefix(name.toString(), entry.size, entry.extents)
    // whoever does not know the format sees by this name that the content is not the file's
    const standIn = `${posix.dirname(name.toString('latin1'))}/GNUSparseFile.0/${posix.basename(name.toString('latin1'))}`
    return Buffer.concat([headerOf(entry, Buffer.from(standIn.slice(0, 100), 'latin1'), contentSize(entry) + map.length, records), map])
  }
  return headerOf(entry, name, entry.type === 'file' ? entry.size : 0)
}

function headerOf(entry: TarEntry, name: Buffer, size: number, known?: Readonly<Record<string, string>>): Buffer {
  const linkName = 'linkName' in entry ? Buffer.from(entry.linkName) : empty
  const records: Record<string, string> = known === undefined ? {} : { ...known }
  const before: Buffer[] = []

  const split = splitName(name)
  if (split === undefined && isText(name)) records['path'] = name.toString()
  if (split === undefined && !isText(name)) before.push(gnuLong('L', name))
  if (!fits(linkName) && isText(linkName)) records['linkpath'] = linkName.toString()
  if (!fits(linkName) && !isText(linkName)) before.push(gnuLong('K', linkName))
  if (size > maxSize) records['size'] = String(size)
  if (entry.uid > maxId) records['uid'] = String(entry.uid)
  if (entry.gid > maxId) records['gid'] = String(entry.gid)
  if (entry.mtime < 0 || entry.mtime > maxSize) records['mtime'] = String(Math.floor(entry.mtime))
  if (Object.keys(records).length > 0) before.push(paxBlocks(records))

  const header = ustarBlock({
    name: split?.name ?? name.subarray(0, 100),
    prefix: split?.prefix ?? empty,
    typeFlag: typeFlags[entry.type],
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size,
    mtime: entry.mtime,
    linkName: linkName.subarray(0, 100),
    device: 'major' in entry ? entry : undefined,
  })
  return before.length === 0 ? header : Buffer.concat([...before, header])
}

function entryName(entry: TarEntry): Buffer {
  const name = Buffer.from(entry.name)
  return entry.type === 'directory' && name.at(-1) !== slash[0] ? Buffer.concat([name, slash]) : name
}

/** Whether a name can stand in a field of 100 bytes. What is beyond ASCII, yet UTF-8, goes into a pax record, which says so. */
function fits(name: Buffer): boolean {
  return name.length <= 100 && (isAscii(name) || !isText(name))
}

/** Whether a name is text that can stand in a pax record. U+FFFD is what readers make of bytes that are not UTF-8: it is left to the other ways. */
export function isText(name: Buffer): boolean {
  return isUtf8(name) && !name.includes('\uFFFD')
}

/** A name in the two fields that ustar has for it, cut at a slash; `undefined` when it does not fit. */
function splitName(name: Buffer): { readonly name: Buffer; readonly prefix: Buffer } | undefined {
  if (fits(name)) return { name, prefix: empty }
  if (!isAscii(name) || name.length > 256) return undefined
  const cut = name.indexOf('/', Math.max(name.length - 101, 1))
  if (cut === -1 || cut > 155 || cut === name.length - 1) return undefined
  return { name: name.subarray(cut + 1), prefix: name.subarray(0, cut) }
}

function gnuLong(typeFlag: 'K' | 'L', name: Buffer): Buffer {
  const content = Buffer.concat([name, Buffer.alloc(1)])
  const header = ustarBlock({ ...plain, name: Buffer.from('././@LongLink'), typeFlag, size: content.length })
  return Buffer.concat([header, content, padding(content.length)])
}

function paxBlocks(records: Readonly<Record<string, string>>): Buffer {
  const content = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)))
  const header = ustarBlock({ ...plain, name: Buffer.from('PaxHeader'), typeFlag: 'x', size: content.length })
  return Buffer.concat([header, content, padding(content.length)])
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`)
  let length = rest.length + String(rest.length).length
  if (String(length).length > String(rest.length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

interface UstarFields {
  readonly name: Buffer
  readonly prefix: Buffer
  readonly typeFlag: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly linkName: Buffer
  readonly device: { readonly major: number; readonly minor: number } | undefined
}

const plain = { prefix: empty, mode: 0o644, uid: 0, gid: 0, mtime: 0, linkName: empty, device: undefined } as const

/** What all headers share: the format's name, and no device. */
const template = Buffer.alloc(blockSize)
template.write('ustar\u000000', 257, 'latin1')
template.write('0000000\u00000000000', 329, 'latin1')
const templateSum = sumOf(template, 0, blockSize)

function ustarBlock(fields: UstarFields): Buffer {
  const { name, linkName, prefix, device } = fields
  const block = Buffer.from(template)
  const numbers = `${octal(fields.mode & 0o7777, 7)}\0${octal(fields.uid, 7)}\0${octal(fields.gid, 7)}\0`
  block.set(name, 0)
  // The checksum is taken with spaces in its own place.
  block.write(`${numbers}${octal(fields.size, 11)}\0${octal(fields.mtime, 11)}\0${' '.repeat(8)}${fields.typeFlag}`, 100, 'latin1')
  block.set(linkName, 157)
  block.set(prefix, 345)
  let sum = templateSum + sumOf(block, 0, name.length) + sumOf(block, 100, 157 + linkName.length) + sumOf(block, 345, 345 + prefix.length)
  if (device !== undefined) {
    block.write(`${octal(device.major, 7)}\0${octal(device.minor, 7)}`, 329, 'latin1')
    sum += sumOf(block, 329, 345) - sumOf(template, 329, 345)
  }
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return block
}

/** The sum of the bytes between two places. The rest of a header is zeros, or as in the template. */
function sumOf(block: Buffer, start: number, end: number): number {
  let sum = 0
  for (let at = start; at < end; at++) sum += block[at] ?? 0
  return sum
}

/** Octal digits; zeros for a number that does not fit and stands in a pax record. */
function octal(value: number, digits: number): string {
  const text = Math.floor(value).toString(8)
  return value < 0 || text.length > digits ? '0'.repeat(digits) : text.padStart(digits, '0')
}
