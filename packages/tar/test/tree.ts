import { execFileSync } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

/** A temporary folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-tar-'))
  onTestFinished(async () => {
    execFileSync('chmod', ['-R', 'u+rwX', folder]) // tests make folders that only root could remove
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

/** Everything below a folder in words: `d755 a`, `f644 a/b: content`, `l a/c -> b`. Names are shown as latin1, byte for byte. */
export async function treeOf(folder: string): Promise<string[]> {
  const lines: string[] = []
  const walk = async (directory: Buffer, below: string): Promise<void> => {
    for (const name of await readdir(directory, { encoding: 'buffer' })) {
      const path = Buffer.concat([directory, Buffer.from('/'), name])
      const shown = `${below}${name.toString('latin1')}`
      const stats = await lstat(path)
      const mode = (stats.mode & 0o7777).toString(8)
      if (stats.isSymbolicLink()) lines.push(`l ${shown} -> ${(await readlink(path, { encoding: 'buffer' })).toString('latin1')}`)
      else if (stats.isDirectory()) lines.push(`d${mode} ${shown}`)
      else lines.push(`f${mode} ${shown}: ${(await readFile(path)).toString('latin1')}`)
      if (stats.isDirectory()) await walk(path, `${shown}/`)
    }
  }
  await walk(Buffer.from(folder), '')
  return lines.toSorted()
}

/** Makes directories below a folder. */
export async function makeDirectories(folder: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await mkdir(join(folder, path), { recursive: true })
}
