import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'

import { fileSystemError, ImagoError, systemCode } from './error.ts'
import { isOwnerAlive, processOwner } from './process-owner.ts'
import { wait } from './wait.ts'

/** How to wait for a lock. */
export interface FileLockOptions {
  readonly signal: AbortSignal
  /** Milliseconds to wait for whoever has it. @default 30_000 */
  readonly timeoutMs?: number
}

/**
 * Does some work while no other process, and nobody else of this one, does work under the same lock file. The file names who has the lock;
 * one whose process is gone is taken over at once, so that a crash locks nobody out.
 * @throws ImagoError `TIMEOUT` when somebody has it for too long, `OUTPUT_UNWRITABLE` when the file cannot be written.
 */
export async function withFileLock<T>(path: string, options: FileLockOptions, work: () => Promise<T>): Promise<T> {
  const claim = `${processOwner()} ${crypto.randomUUID()}`
  await acquire(path, claim, options)
  try {
    return await work()
  } finally {
    if ((await contentOf(path)) === claim) await rm(path, { force: true })
  }
}

async function acquire(path: string, claim: string, { signal, timeoutMs = 30_000 }: FileLockOptions): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    if (await tryClaim(path, claim)) return
    const holder = await contentOf(path)
    if (holder === undefined) continue
    if (isOwnerAlive(holder.split(' ')[0] ?? '') === false) {
      await takeAway(path, holder)
      continue
    }
    if (performance.now() > deadline) {
      throw new ImagoError('TIMEOUT', `'${path}' is locked by ${holder}`, {
        hint: 'wait for that run to end; if there is none, remove the file',
      })
    }
    await wait(pauseMs, signal)
  }
}

/** Makes the lock file, complete from its first moment on. */
async function tryClaim(path: string, claim: string): Promise<boolean> {
  const own = `${path}.${crypto.randomUUID()}`
  try {
    await writeFile(own, claim, { flag: 'wx', mode: 0o600 })
    await link(own, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw fileSystemError(error, `the lock ${path}`)
  } finally {
    await rm(own, { force: true })
  }
}

/** Removes the lock of a process that is gone. Should somebody else have taken it over in the meantime, theirs is put back. */
async function takeAway(path: string, holder: string): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw fileSystemError(error, `the lock ${path}`)
  }
  if ((await contentOf(aside)) !== holder) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileSystemError(error, `the lock ${path}`)
  }
}
