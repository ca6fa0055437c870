import { mkdir, readFile, realpath, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { ImagoError } from './error.ts'
import type { ResourceKind } from './resources.ts'

/** Data of the resource kind {@link workDirectory}. */
export interface WorkDirectoryData {
  readonly path: string
  readonly [member: string]: string
}

/** A build's folder for temporary files. */
export const workDirectory: ResourceKind<WorkDirectoryData> = {
  kind: 'work-directory',
  package: '@imago/core',
  destroy: async ({ data: { path } }) => {
    const [mounted] = await mountsBelow(path)
    if (mounted !== undefined) {
      // removing what is in there would remove files of the machine, or of somebody else
      throw new ImagoError('RELEASE_FAILED', `something is mounted at '${mounted}'`, { hint: 'unmount it first' })
    }
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  },
}

/** The places below a folder where file systems are mounted (proc_pid_mountinfo(5), field 5). None where the system does not say. */
async function mountsBelow(path: string): Promise<string[]> {
  const [real, mounts] = await Promise.all([
    realpath(path).catch(() => path), // it is gone
    readFile('/proc/self/mountinfo', 'utf8').catch(() => ''), // not Linux
  ])
  return mounts
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((place) => place === real || place.startsWith(`${real}/`))
}

/** Where a build's temporary files are. */
export function workDirectoryPath(stateDirectory: string, runId: string, image: string, build: string): string {
  return join(resolve(stateDirectory), 'work', `${runId}-${image}.${build}`)
}

/** Makes a build's folder for temporary files, for its owner only. */
export async function makeWorkDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}
