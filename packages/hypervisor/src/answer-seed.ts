import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { ByteRange } from './byte-range.ts'
import { parseRange } from './byte-range.ts'
import type { SeedRequest } from './seed-server.ts'

/** What is served. */
export interface ServedSeeds {
  /** The path that everything is below, without a slash at its end. */
  readonly prefix: string
  readonly texts: ReadonlyMap<string, string>
  readonly directory: string | undefined
}

/** A file to be sent. */
interface SeedFile {
  readonly size: number
  read(range: ByteRange): Readable
  close(): Promise<void>
}

/** Answers one request, and says how. Never throws: a guest that hangs up, or a file that cannot be read, is no failure of the build. */
export async function answerSeed(request: IncomingMessage, response: ServerResponse, served: ServedSeeds): Promise<SeedRequest> {
  const { method = '' } = request
  const path = pathOf(request.url ?? '', served.prefix)
  const answered = (status: number): SeedRequest => ({ method, path: path ?? request.url ?? '', status })
  try {
    return answered(await respond(request, response, { path, served }))
  } catch {
    if (!response.headersSent) response.writeHead(500)
    response.destroy()
    return answered(500)
  }
}

interface Asked {
  readonly path: string | undefined
  readonly served: ServedSeeds
}

async function respond(request: IncomingMessage, response: ServerResponse, { path, served }: Asked): Promise<number> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, { allow: 'GET, HEAD' })
  const file = path === undefined ? undefined : await openSeed(path, served)
  if (file === undefined) return refuse(response, 404)
  try {
    const range = parseRange(request.headers.range, file.size)
    if (range === 'unsatisfiable') return refuse(response, 416, { 'content-range': `bytes */${file.size}` })
    const status = range === undefined ? 200 : 206
    const { start, end } = range ?? { start: 0, end: file.size }
    response.writeHead(status, {
      'content-type': served.texts.has(path ?? '') ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-length': end - start,
      'accept-ranges': 'bytes',
      ...(range !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${file.size}` }),
    })
    if (request.method === 'HEAD') response.end()
    else await pipeline(file.read({ start, end }), response)
    return status
  } finally {
    await file.close()
  }
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): number {
  response.writeHead(status, { ...headers, 'content-length': 0 }).end()
  return status
}

/** The path below the prefix, without `.` and empty parts; `undefined` when it is not below, or leads out of it. */
function pathOf(url: string, prefix: string): string | undefined {
  const [encoded = ''] = url.split(/[?#]/, 1)
  if (!encoded.startsWith(`${prefix}/`)) return undefined
  try {
    const parts = decodeURIComponent(encoded.slice(prefix.length)).split('/')
    if (parts.some((part) => part === '..' || part.includes('\0') || part.includes('\\'))) return undefined
    return parts.filter((part) => part !== '' && part !== '.').join('/')
  } catch {
    return undefined // it is not well encoded
  }
}

async function openSeed(path: string, { texts, directory }: ServedSeeds): Promise<SeedFile | undefined> {
  const text = texts.get(path)
  if (text !== undefined) {
    const bytes = Buffer.from(text)
    return { size: bytes.length, read: ({ start, end }) => Readable.from([bytes.subarray(start, end)]), close: async () => undefined }
  }
  if (directory === undefined) return undefined
  const file = await open(join(directory, path)).catch(() => undefined)
  const size = file === undefined ? undefined : await sizeOf(file)
  if (file === undefined || size === undefined) return undefined
  return {
    size,
    read: ({ start, end }) => (end > start ? file.createReadStream({ start, end: end - 1, autoClose: false }) : Readable.from([])),
    close: () => file.close(),
  }
}

/** Only of files; anything else is closed. */
async function sizeOf(file: FileHandle): Promise<number | undefined> {
  const stats = await file.stat()
  if (stats.isFile()) return stats.size
  await file.close()
  return undefined
}
