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

/** Gives a lock back. */
export type ReleaseLock = () => Promise<void>

/**
 * Does some work while no other process, and nobody else of this one, does work under the same lock file. The file names who has the lock;
 * one whose process is gone is taken over at once, so that a crash locks nobody out.
 * @throws ImagoError `TIMEOUT` when somebody has it for too long, `OUTPUT_UNWRITABLE` when the file cannot be written.
 */
export async function withFileLock<T>(path: string, options: FileLockOptions, work: () => Promise<T>): Promise<T> {
  const release = await holdFileLock(path, options)
  try {
    return await work()
  } finally {
    await release()
  }
}

/** Waits for a lock file as {@link withFileLock} does, and holds it until it is given back. */
export async function holdFileLock(path: string, { signal, timeoutMs = 30_000 }: FileLockOptions): Promise<ReleaseLock> {
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const release = await tryFileLock(path)
    if (typeof release === 'function') return release
    if (performance.now() > deadline) {
      throw new ImagoError('TIMEOUT', `'${path}' is locked by ${release.holder}`, {
        hint: 'wait for that run to end; if there is none, remove the file',
      })
    }
    await wait(pauseMs, signal)
  }
}

/** Takes a lock file if nobody has it, or else says who. */
export async function tryFileLock(path: string): Promise<ReleaseLock | { readonly holder: string }> {
  const claim = `${processOwner()} ${crypto.randomUUID()}`
  for (;;) {
    if (await tryClaim(path, claim)) return async () => await giveBack(path, claim)
    const holder = await contentOf(path)
    if (holder === undefined) continue
    if (isOwnerAlive(holder.split(' ')[0] ?? '') !== false) return { holder }
    await takeAway(path, holder)
  }
}

async function giveBack(path: string, claim: string): Promise<void> {
  if ((await contentOf(path)) === claim) await rm(path, { force: true })
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
