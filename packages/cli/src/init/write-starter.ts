import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { fileSystemError, ImagoError, systemCode } from '@imago/core'

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
  await makeFolder(folder)
  const written: WrittenFile[] = []
  for (const { path, content } of files) {
    written.push({ path, outcome: await writeNew(join(folder, path), content) })
  }
  return written
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    const what = `cannot make the folder ${path}`
    if (systemCode(error) === 'EEXIST') throw new ImagoError('OUTPUT_UNWRITABLE', `${what}: there is a file of that name`, { cause: error })
    throw fileSystemError(error, what)
  }
}

async function writeNew(path: string, content: string): Promise<WrittenFile['outcome']> {
  try {
    await writeFile(path, content, { flag: 'wx' })
    return 'written'
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return 'kept'
    throw fileSystemError(error, `cannot write ${path}`)
  }
}
