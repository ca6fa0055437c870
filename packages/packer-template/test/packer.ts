import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { SkipReason } from '../../../test/requirement.ts'
import { reasonToSkip } from '../../../test/requirement.ts'

/** A part of the names of tests that need Packer. */
export const withoutPacker: SkipReason = reasonToSkip({ packer: 'CHECKPOINT_DISABLE=1 packer version' })

/** How a run of Packer ended. */
export interface PackerRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs Packer in a folder. It asks nobody whether there is a newer one. */
export function packer(args: readonly string[], cwd: string): Promise<PackerRun> {
  const env = {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
    PACKER_CONFIG_DIR: cwd,
    PACKER_CACHE_DIR: join(cwd, 'cache'),
  }
  return new Promise((resolve) => {
    execFile('packer', [...args], { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr })
    })
  })
}

/**
 * What Packer thinks of a template that it was to validate. It says nothing of one where it lacks a component, or a program that a component
 * asks about before it looks at the options.
 */
export function verdictOf({ code, stdout, stderr }: PackerRun): 'accepted' | 'refused' | 'none' {
  if (code === 0) return 'accepted'
  const isAble = !/Unknown (?:builder|provisioner|post-processor)|executable file\s+not\s+found/.test(stdout + stderr)
  return code > 0 && isAble ? 'refused' : 'none'
}

/** A folder with these files, which is gone when the test is over. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-packer-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content, { mode: name.endsWith('.sh') ? 0o755 : 0o644 })
  }
  return folder
}
