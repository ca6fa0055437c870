import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { fileSystemError, systemCode } from '@imago/core'

import type { StarterFile } from './starter-files.ts'

/** What became of a file. */
export interface WrittenFile {
  readonly path: string
  /** `kept`: there was one already, and it was left alone. */
  readonly outcome: 'written' | 'kept'
}

/**
 * Writes files into a folder, which is made when it is not there. None is ever overwritten.
 * @throws ImagoError `OUTPUT_UNWRITABLE` or `DISK_FULL`
 */
export async function writeStarter(folder: string, files: readonly StarterFile[]): Promise<WrittenFile[]> {
  const written: WrittenFile[] = []
  for (const { path, content } of files) {
    written.push({ path, outcome: await writeNew(join(folder, path), content) })
  }
  return written
}

async function writeNew(path: string, content: string): Promise<WrittenFile['outcome']> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { flag: 'wx' })
    return 'written'
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return 'kept'
    throw fileSystemError(error, `cannot write ${path}`)
  }
}
