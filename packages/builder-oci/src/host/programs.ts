import { access, constants, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

import { ImagoError } from '@imago/core'

import { programDirectories } from './environment.ts'

/** The absolute path of a program of this machine, or `undefined`. Links are not followed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const candidates = isAbsolute(name) ? [name] : programDirectories().map((directory) => join(directory, name))
  for (const path of candidates) {
    if (await isExecutable(path)) return path
  }
  return undefined
}

/**
 * The absolute path of a program of this machine.
 * @throws ImagoError `TOOL_MISSING`
 */
export async function requireProgram(name: string, hint: string): Promise<string> {
  const path = await findProgram(name)
  if (path !== undefined) return path
  throw new ImagoError('TOOL_MISSING', `there is no program '${name}' on this machine`, { hint })
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
