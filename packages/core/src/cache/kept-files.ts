import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

import type { ArtifactFile } from '../artifact.ts'
import { systemCode } from '../error.ts'

/** A file of an artifact, and when it was written: what has the same time and size has not been changed. */
export interface KeptFile extends ArtifactFile {
  /** Milliseconds since 1970. */
  readonly mtimeMs: number
}

/** Looks at the files of an artifact as they are now. */
export async function keepFiles(files: readonly ArtifactFile[]): Promise<readonly KeptFile[]> {
  return await Promise.all(files.map(async (file) => ({ ...file, mtimeMs: (await stat(file.path)).mtimeMs })))
}

/** Whether the files are still what they were; one that was written since is read, where its digest is known. */
export async function areKept(files: readonly KeptFile[], signal: AbortSignal): Promise<boolean> {
  for (const file of files) if (!(await isKept(file, signal))) return false
  return true
}

async function isKept({ path, size, sha256, mtimeMs }: KeptFile, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size !== size) return false
    if (found.mtimeMs === mtimeMs) return true
    return sha256 !== undefined && sha256 === (await sha256Of(path, signal))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false
    throw error
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) hash.update(chunk as Buffer) // no encoding is set
  return hash.digest('hex')
}
