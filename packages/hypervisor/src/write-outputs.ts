import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, rename, stat } from 'node:fs/promises'

import type { ArtifactFile, BuildContext } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf, replaceFile, systemCode } from '@imago/core'

/** Bytes read at once. */
const chunkBytes = 1024 * 1024

/** What is known of a file when it is written. */
export type Written = Omit<Required<ArtifactFile>, 'path'>

/** A file that a build makes. */
export interface Output {
  /** Where it is to be. Absolute. */
  readonly path: string
  /** Writes it to a temporary place beside that, where an empty file is. */
  write(temporary: string): Promise<Written>
}

/** Writes files; they get their names when all of them are whole, or none does. */
export async function writeOutputs([first, ...rest]: readonly Output[], ctx: BuildContext): Promise<readonly Required<ArtifactFile>[]> {
  if (first === undefined) return []
  return await replaceFile(first.path, ctx, async (temporary) => {
    const written = await first.write(temporary)
    return [{ path: first.path, ...written }, ...(await writeOutputs(rest, ctx))]
  })
}

/** Size and digest of a file. */
export async function digestFile(path: string, signal: AbortSignal): Promise<Written> {
  const hash = createHash('sha256')
  try {
    const { size } = await stat(path)
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, signal })) hash.update(chunk as Uint8Array) // no encoding is set
    return { size, sha256: hash.digest('hex') }
  } catch (error) {
    throw signal.aborted ? abortError(signal) : fileSystemError(error, `cannot read '${path}'`)
  }
}

/** Moves a file, also to another file system. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw writeError(error, to)
    await copyFile(from, to).catch((cause: unknown) => {
      throw writeError(cause, to)
    })
  }
}

/** An error of the file system while `path` is written, as one of ours. */
export function writeError(error: unknown, path: string): unknown {
  const ours = fileSystemError(error, `cannot write '${path}'`)
  if (ours !== error || isImagoError(error) || systemCode(error) === undefined) return ours
  return new ImagoError('OUTPUT_UNWRITABLE', `cannot write '${path}': ${messageOf(error)}`, { cause: error })
}
