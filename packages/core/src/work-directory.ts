import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Plugin, ResourceKind } from './resources.ts'

/** Data of the resource kind {@link workDirectory}. */
export interface WorkDirectoryData {
  readonly path: string
  readonly [member: string]: string
}

/** A build's folder for temporary files. */
export const workDirectory: ResourceKind<WorkDirectoryData> = {
  kind: 'work-directory',
  package: '@imago/core',
  destroy: ({ data }) => rm(data.path, { recursive: true, force: true, maxRetries: 3 }),
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

/** What `imago sweep` needs to know of the core itself. */
export const plugin: Plugin = { name: '@imago/core', resourceKinds: [workDirectory] }
