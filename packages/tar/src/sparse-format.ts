import { ImagoError } from '@imago/core'

import type { TarExtent, TarFile } from './entry.ts'

const blockSize = 512
const newline = 10
/** Bytes of the longest map that is read: a million parts. */
const longestMap = 32 * 1024 * 1024

/** How many bytes the content of a file has: without its holes. */
export function contentSize({ size, extents }: Pick<TarFile, 'size' | 'extents'>): number {
  return extents === undefined ? size : extents.reduce((sum, { length }) => sum + length, 0)
}

/** What stands before the content of a file with holes in GNU's format 1.0 (GNU tar's manual, "Storing Sparse Files"). */
export interface SparsePrefix {
  /** pax records, besides those of its attributes. */
  readonly records: Readonly<Record<string, string>>
  /** The first blocks of what is stored: how many parts there are, then offset and length of each, as lines of decimal digits. */
  readonly map: Uint8Array
}

/** Describes a file with holes. The last part is empty where the file ends with a hole, and so tells its size. */
export function sparsePrefix(name: string, size: number, extents: readonly TarExtent[]): SparsePrefix {
  const last = extents.at(-1)
  const endsWithHole = last === undefined || last.offset + last.length < size
  const parts = endsWithHole ? [...extents, { offset: size, length: 0 }] : extents
  const text = Buffer.from([parts.length, ...parts.flatMap(({ offset, length }) => [offset, length])].map((value) => `${value}\n`).join(''))
  const map = Buffer.alloc(Math.ceil(text.length / blockSize) * blockSize)
  map.set(text)
  const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': String(size) }
  return { records, map }
}

/** A file with holes as it is read: where its parts stand, and the rest of what is stored. */
export interface SparseContent {
  readonly extents: readonly TarExtent[]
  readonly content: AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * Reads the map before the content of a file with holes.
 * @param stored how many bytes are stored in all, and `size` of the file itself
 * @throws ImagoError `TRANSFER_FAILED` when it is no map, or does not fit to what is stored
 */
export async function readSparseMap(chunks: AsyncIterable<Uint8Array>, stored: number, size: number): Promise<SparseContent> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  for (;;) {
    const numbers = numbersOf(head)
    if (numbers !== undefined) {
      const mapSize = Math.ceil(numbers.end / blockSize) * blockSize
      const extents = toExtents(numbers.values)
      if (!isMapOf(extents, size, stored - mapSize)) throw broken()
      return { extents: extents.filter(({ length }) => length > 0), content: restOf(head, mapSize, iterator) }
    }
    const { done, value } = await iterator.next()
    if (done === true || head.length > longestMap) throw broken()
    head = Buffer.concat([head, value])
  }
}

/** All numbers of a map, and where they end; `undefined` when more is to come. */
function numbersOf(head: Buffer): { readonly values: readonly number[]; readonly end: number } | undefined {
  const values: number[] = []
  let end = 0
  for (let wanted = 1; values.length < wanted; wanted = 1 + 2 * (values[0] ?? 0)) {
    const at = head.indexOf(newline, end)
    if (at === -1) return undefined
    const text = head.toString('latin1', end, at)
    if (!/^\d{1,15}$/.test(text)) throw broken()
    values.push(Number(text))
    end = at + 1
  }
  return { values, end }
}

function toExtents([, ...values]: readonly number[]): readonly TarExtent[] {
  return values.flatMap((offset, index) => (index % 2 === 0 ? [{ offset, length: values[index + 1] ?? 0 }] : []))
}

/** Whether parts stand one behind the other within a file, and are all that is stored of it. */
function isMapOf(extents: readonly TarExtent[], size: number, stored: number): boolean {
  let end = 0
  for (const { offset, length } of extents) {
    if (offset < end) return false
    end = offset + length
  }
  return end <= size && contentSize({ size, extents }) === stored
}

async function* restOf(head: Buffer, from: number, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = from
  for (let chunk: Uint8Array = head; ;) {
    if (chunk.length > skip) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.length)
    const { done, value } = await iterator.next()
    if (done === true) return
    chunk = value
  }
}

function broken(): ImagoError {
  return new ImagoError('TRANSFER_FAILED', 'cannot read the archive: the map of a file with holes is broken')
}

/** The pieces of a file's content, and where each stands in the file, also in one with holes. */
export async function* placedChunks({
  content,
  extents,
}: Pick<TarFile, 'content' | 'extents'>): AsyncGenerator<{ readonly chunk: Uint8Array; readonly offset: number }, void, undefined> {
  const parts = [...(extents ?? [{ offset: 0, length: Number.POSITIVE_INFINITY }])]
  let part = parts.shift()
  let used = 0
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    for (let at = 0; at < chunk.length && part !== undefined;) {
      const length = Math.min(chunk.length - at, part.length - used)
      if (length > 0) yield { chunk: chunk.subarray(at, at + length), offset: part.offset + used }
      at += length
      used += length
      if (used === part.length) [part, used] = [parts.shift(), 0]
    }
  }
}
