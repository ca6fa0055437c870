import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { fileSystemError, messageOf } from '@imago/core'

import { usageError } from './arguments.ts'

/**
 * Looks whether a file can be written that an option names, before work begins that it is to tell of. Its folder is made.
 * @returns its absolute path
 * @throws ImagoError `USAGE` when it cannot
 */
export async function checkReportFile(path: string, option: string, cwd: string): Promise<string> {
  if (path === '') throw usageError(`option '${option}' needs a value`, `write ${option}=<file>`)
  const file = resolve(cwd, path)
  const found = await stat(file).catch(() => undefined)
  if (found?.isDirectory() === true) throw usageError(`${option} '${path}' is a folder`, 'name a file')
  if (found?.isFile() === false) throw usageError(`${option} '${path}' is no regular file`, 'name a file that can be replaced')
  const temporary = temporaryBeside(file)
  try {
    await mkdir(dirname(file), { recursive: true })
    await (await open(temporary, 'wx')).close()
    await rm(temporary)
  } catch (error) {
    throw usageError(`${option} '${path}' cannot be written: ${messageOf(error)}`, 'check the path and its permissions')
  }
  return file
}

/**
 * Writes a file, or replaces it as a whole: nobody reads half of it.
 * @throws ImagoError `DISK_FULL`, `OUTPUT_UNWRITABLE`, …; nothing is left but what stood there before
 */
export async function writeReportFile(path: string, text: string): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the error that brought us here is the one to tell
    throw fileSystemError(error, `cannot write '${path}'`)
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.imago-${randomUUID()}.partial`)
}
