import { apiError } from '../api-error.ts'

/**
 * The content of a body in Amazon's own chunks (`content-encoding: aws-chunked`): each has its length before it, in hexadecimal, and
 * checksums may follow the last. Checksums and signatures of chunks are not verified.
 */
export async function* decodeChunks(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer = Buffer.alloc(0)
  /** Bytes of the current chunk that are to come; `undefined` before its length. */
  let left: number | undefined
  for await (const bytes of body) {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes])
    while (pending.length > 0) {
      if (left === undefined) {
        const end = pending.indexOf('\r\n')
        if (end === -1) break
        left = chunkLength(pending.subarray(0, end).toString('latin1'))
        pending = pending.subarray(end + 2)
        if (left === 0) return
      } else if (left > 0) {
        const part = pending.subarray(0, left)
        left -= part.length
        pending = pending.subarray(part.length)
        yield part
      } else {
        if (pending.length < 2) break
        pending = pending.subarray(2) // the end of the line after the chunk
        left = undefined
      }
    }
  }
  throw apiError('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header')
}

function chunkLength(line: string): number {
  const [, length] = /^([0-9a-f]+)(?:;.*)?$/i.exec(line) ?? []
  if (length === undefined) throw apiError('InvalidChunkSizeError', `'${line}' is not the length of a chunk`)
  return Number.parseInt(length, 16)
}
