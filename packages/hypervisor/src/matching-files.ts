import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { ImagoError, systemCode } from '@imago/core'

/** Whether a path has `*`, `?` or `[…]` in it, and so stands for all that match. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path)
}

/** The folder of a pattern that all that matches is below: the part before the first `*`, `?` or `[`. */
export function patternFolder(path: string): string {
  return dirname(path.slice(0, path.search(/[*?[]/)) + 'x')
}

/**
 * The files and directories that a pattern stands for, sorted. `*` is any characters but `/`, `?` is one, `[a-z]` is one of several; they mean
 * so in every part of a path.
 * @param directory relative paths are relative to it
 * @throws ImagoError `INPUT_MISSING` when there are none
 */
export async function matchingFiles(pattern: string, directory: string): Promise<readonly string[]> {
  const start = patternFolder(pattern)
  const parts = (start === '.' ? pattern.replace(/^(?:\.\/+)+/, '') : pattern.slice(start.length)).split('/').filter((part) => part !== '')
  let found = [resolve(directory, start)]
  for (const part of parts) {
    const matches = partMatcher(part, pattern)
    const below = found.map(async (folder) =>
      (await namesIn(folder)).filter((name) => matches.test(name)).map((name) => join(folder, name)),
    )
    found = (await Promise.all(below)).flat()
  }
  if (found.length === 0)
    throw new ImagoError('INPUT_MISSING', `nothing matches '${pattern}'`, { hint: `looked below '${resolve(directory, start)}'` })
  return found.toSorted()
}

/** What is not there, or is no folder, has nothing in it. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return []
    throw error
  })
}

function partMatcher(part: string, pattern: string): RegExp {
  const source = part.replaceAll(/\*+|\?|\[\^?[^\]]+\]|[\\^$.|+(){}[\]]/g, (piece) => {
    if (piece.startsWith('*')) return '.*'
    if (piece === '?') return '.'
    return piece.length > 1 ? piece.replaceAll('\\', '\\\\') : `\\${piece}`
  })
  try {
    return new RegExp(`^${source}$`, 's')
  } catch (error) {
    throw new ImagoError('INPUT_MISSING', `'${pattern}' is no pattern: '${part}'`, { cause: error })
  }
}
