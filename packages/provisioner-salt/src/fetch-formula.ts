import { mkdtemp, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { runLocalTool } from '@imago/configuration-management'
import type { ProvisionContext } from '@imago/core'
import { fileSystemError, ImagoError } from '@imago/core'

import type { GitFormula } from './salt-options.ts'

/** A formula on this machine. */
export interface LocalFormula {
  readonly path: string
  /** Its folder below the root of states. @default it is a root of states itself */
  readonly name?: string
}

/** Nobody is there to answer. */
const env = { GIT_TERMINAL_PROMPT: '0' }
const missingHint = 'install Git on this machine, or clone the formula yourself and name its folder'

/**
 * A formula on this machine: the folder, or what is cloned for the build.
 * @throws ImagoError `TOOL_MISSING` when there is no Git, `COMMAND_FAILED` when it fails, `INPUT_MISSING` when the repository has no such folder
 */
export async function fetchFormula(formula: string | GitFormula, ctx: ProvisionContext): Promise<LocalFormula> {
  if (typeof formula === 'string') return { path: formula }
  const { git, ref, path } = formula
  const clone = await mkdtemp(join(ctx.workDirectory, 'formula-')).catch((error: unknown) => {
    throw fileSystemError(error, 'make a folder for a formula')
  })
  const about = { subject: git.replace(/\/\/[^@/]*@/, '//'), env, missingHint }
  await runLocalTool({ command: ['git', 'clone', '--quiet', '--', git, clone], cwd: ctx.directory, ...about }, ctx)
  if (ref !== undefined) await runLocalTool({ command: ['git', 'checkout', '--quiet', ref, '--'], cwd: clone, ...about }, ctx)
  await rm(join(clone, '.git'), { recursive: true, force: true })
  if (path === undefined) return { path: clone }
  const folder = join(clone, path)
  if (await isFolder(folder)) return { path: folder, name: basename(folder) }
  throw new ImagoError('INPUT_MISSING', `the repository '${about.subject}' has no folder '${path}'`, {
    hint: 'path is the folder of the formula in the repository, at ref',
  })
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
