import { createHash, randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { ArtifactFile, PostProcessContext, ResourceKind } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

/** Bytes that are used up before the next ones are asked for: what holds them is used again then. */
export type Parts = readonly Uint8Array[]

/** Data of the resource kind {@link partialFile}. */
export interface PartialFileData {
  readonly path: string
  readonly [member: string]: string
}

/** A file that is being written, under a temporary name. */
export const partialFile: ResourceKind<PartialFileData> = {
  kind: 'compress-partial-file',
  package: '@imago/post-processor-compress',
  destroy: ({ data }) => rm(data.path, { force: true }),
}

/**
 * Writes a file under a temporary name beside `path`, and renames it when all of it is on the disk: nobody ever sees half of it, and
 * what stood there before stays until then. Computes the digest on the way.
 * @throws ImagoError `DISK_FULL`, `OUTPUT_UNWRITABLE`, `CANCELLED`, or what `content` throws; nothing is left then.
 */
export async function writeOutput(path: string, content: AsyncIterable<Parts>, ctx: PostProcessContext): Promise<ArtifactFile> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const temporary = join(dirname(path), `.imago-${randomUUID()}.partial`)
    await using partial = await ctx.resources.acquire({
      kind: partialFile,
      name: temporary,
      data: { path: temporary },
      create: () => open(temporary, 'wx'),
    })
    const written = await writeAndSync(partial.value, content, ctx.signal)
    await rename(temporary, path)
    await partial.disown()
    return { path, ...written }
  } catch (error) {
    if (isImagoError(error)) throw error
    if (ctx.signal.aborted) throw abortError(ctx.signal)
    throw writeError(error, path)
  }
}

function writeError(cause: unknown, path: string): unknown {
  const known = fileSystemError(cause, `cannot write '${path}'`)
  if (isImagoError(known, 'DISK_FULL') || systemCode(cause) === undefined) return known
  return new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': ${messageOf(cause)}`, { cause, hint: 'choose another place' })
}

/** The disk begins with the first bytes while the last are still being made. */
const syncEvery = 32 << 20

async function writeAndSync(
  file: FileHandle,
  content: AsyncIterable<Parts>,
  signal: AbortSignal,
): Promise<Pick<ArtifactFile, 'size' | 'sha256'>> {
  const hash = createHash('sha256')
  let size = 0
  let syncFrom = syncEvery
  let syncing = Promise.resolve()
  try {
    for await (const parts of content) {
      if (signal.aborted) throw abortError(signal)
      const writing = writeAll(file, parts)
      for (const part of parts) {
        hash.update(part)
        size += part.length
      }
      await writing
      if (size < syncFrom) continue
      await syncing
      syncing = file.datasync()
      syncing.catch(() => {}) // thrown by the next wait for it
      syncFrom = size + syncEvery
    }
    await syncing
    await file.sync()
    return { size, sha256: hash.digest('hex') }
  } finally {
    await Promise.allSettled([syncing])
    await file.close()
  }
}

async function writeAll(file: FileHandle, parts: Parts): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length === 0) return
  const { bytesWritten } = await file.writev(parts)
  if (bytesWritten < length) await file.appendFile(Buffer.concat(parts).subarray(bytesWritten)) // goes on, or says why it cannot
}
