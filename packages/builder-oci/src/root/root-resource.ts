import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { ResourceKind } from '@imago/core'
import { ImagoError, messageOf, systemCode } from '@imago/core'

import { bestIdMap } from './id-map.ts'
import { startIsolated } from './isolated-process.ts'

/** What the journal keeps of a root's directory. */
export interface RootData {
  /** Absolute. */
  readonly path: string
  readonly [member: string]: string
}

/** The directory of a root, with everything in it. Its processes and mounts end with the process that made it; the directory stays. */
export const rootDirectory: ResourceKind<RootData> = {
  kind: 'oci-root',
  package: '@imago/builder-oci',
  destroy: ({ data }, signal) => removeRoot(data.path, signal),
}

/** Makes the directory, for its owner only: it will hold set-user-id programs. */
export async function makeRootDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}

/**
 * Removes a directory tree, whatever its modes and whoever of this user's ids owns it. Links are removed, never followed.
 * @throws ImagoError `RELEASE_FAILED` when it still exists afterwards
 */
export async function removeRoot(path: string, signal: AbortSignal): Promise<void> {
  const attempts = [removeTree, openAndRemove, removeAsInnerRoot]
  let failure: unknown
  for (const attempt of attempts) {
    try {
      await attempt(path, signal)
      return
    } catch (error) {
      if (signal.aborted) throw error
      failure = error
    }
  }
  throw new ImagoError('RELEASE_FAILED', `'${path}' cannot be removed: ${messageOf(failure)}`, { cause: failure })
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

/** Directories that their owner may not write to are opened first. */
async function openAndRemove(path: string): Promise<void> {
  await openDirectories(Buffer.from(path))
  await removeTree(path)
}

async function openDirectories(path: Buffer): Promise<void> {
  const stats = await lstat(path)
  if (!stats.isDirectory()) return
  if ((stats.mode & 0o700) !== 0o700) await chmod(path, 0o700)
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) await openDirectories(Buffer.concat([path, slash, entry.name]))
  }
}

const slash = Buffer.from('/')

/** What belongs to subordinate ids can be removed only by root of a namespace that has them. */
async function removeAsInnerRoot(path: string, signal: AbortSignal): Promise<void> {
  const ids = await bestIdMap()
  const child = await startIsolated({ command: ['rm', '-rf', '--', path], cwd: dirname(path), ids, signal })
  const exitCode = await new Promise((resolve) => child.once('exit', resolve))
  const isLeft = await lstat(join(path, '.')).then(
    () => true,
    (error: unknown) => systemCode(error) !== 'ENOENT',
  )
  if (exitCode !== 0 || isLeft) throw new ImagoError('RELEASE_FAILED', `rm failed (exit code ${String(exitCode)})`)
}
