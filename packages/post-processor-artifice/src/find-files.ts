import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { ArtifactFile } from '@imago/core'
import { abortError, fileSystemError, ImagoError, systemCode } from '@imago/core'
import { glob, isDynamicPattern } from 'tinyglobby'

/** The files that patterns name, each once. @throws ImagoError `INPUT_MISSING`, `CANCELLED` */
export async function findFiles(patterns: readonly string[], directory: string, signal: AbortSignal): Promise<readonly ArtifactFile[]> {
  const found = new Map<string, ArtifactFile>()
  for (const pattern of patterns) {
    const literal = await fileAt(resolve(directory, pattern))
    const files = literal === undefined ? await matches(pattern, directory, signal) : [literal]
    if (files.length === 0) throw missing(pattern, directory)
    for (const file of files) found.set(file.path, file)
  }
  return [...found.values()]
}

async function matches(pattern: string, directory: string, signal: AbortSignal): Promise<readonly ArtifactFile[]> {
  if (!isDynamicPattern(pattern)) return []
  const paths = await glob(pattern, { cwd: directory, absolute: true, dot: true, expandDirectories: false, signal })
  if (signal.aborted) throw abortError(signal)
  const files = await Promise.all(paths.toSorted().map(fileAt))
  return files.filter((file) => file !== undefined)
}

async function fileAt(path: string): Promise<ArtifactFile | undefined> {
  try {
    const stats = await stat(path)
    if (stats.isFile()) return { path, size: stats.size }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
    throw fileSystemError(error, `cannot look at '${path}'`)
  }
  throw new ImagoError('INPUT_MISSING', `'${path}' is no file`, { hint: `for all files of a folder, write '${path}/**'` })
}

function missing(pattern: string, directory: string): ImagoError {
  return new ImagoError('INPUT_MISSING', `there is no file '${pattern}' in '${directory}'`, {
    hint: 'check the step that is to leave it there',
  })
}
