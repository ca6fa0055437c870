import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { fileSystemError, ImagoError, isImagoError, messageOf, progressReporter, systemCode, withFileLock } from '@imago/core'

import type { KnownDigest } from './digest.ts'
import { verifyFile } from './digest.ts'
import { download } from './download.ts'
import type { FetchedSource, FetchOptions } from './fetch-source.ts'
import { requestFile, ServerFailure } from './http-file.ts'
import { PartialFile } from './partial-file.ts'
import { fileEnding, fileName, shownUrl, urlKey } from './source-url.ts'
import type { Validators } from './validators.ts'
import { unlessUnchanged } from './validators.ts'

/** A file to be had from the cache, or from its server. */
export interface CachedDownload extends Omit<FetchOptions, 'directory'> {
  readonly cacheDirectory: string
  readonly expected: KnownDigest | undefined
}

/** What is known of a file in the cache. It stands for as long as size and time are these. */
interface CacheRecord {
  readonly size: number
  readonly mtimeMs: number
  readonly sha256: string
  readonly validators: Validators
}

/**
 * The file of a URL, from the cache or its server. One run downloads at a time, the others wait for it.
 * @throws as `fetchSource`
 */
export async function cachedDownload(url: string, options: CachedDownload): Promise<Required<FetchedSource>> {
  const { cacheDirectory, expected, signal, emit } = options
  const path = join(cacheDirectory, cacheName(url, expected))
  try {
    await mkdir(cacheDirectory, { recursive: true })
    const waiting = setTimeout(() => {
      emit({
        type: 'message',
        level: 'info',
        text: `waiting for another build that downloads ${fileName(url)} (its lock is '${path}.lock')`,
      })
    }, 1000)
    const stopSaying = (): void => clearTimeout(waiting)
    return await withFileLock(`${path}.lock`, { signal, timeoutMs: Infinity }, async () => {
      stopSaying()
      return { path, sha256: await fill(path, url, options) }
    }).finally(stopSaying)
  } catch (error) {
    throw cacheError(error, cacheDirectory)
  }
}

function cacheError(cause: unknown, cacheDirectory: string): unknown {
  const what = `cannot write to the cache '${cacheDirectory}'`
  if (systemCode(cause) === undefined || isImagoError(cause)) return cause
  const known = fileSystemError(cause, what)
  if (isImagoError(known, 'DISK_FULL')) return known
  return new ImagoError('OUTPUT_UNWRITABLE', `${what}: ${messageOf(cause)}`, { cause, hint: 'give another cacheDirectory' })
}

/** By the digest, so that every mirror fills the same place; or by the URL. */
function cacheName(url: string, expected: KnownDigest | undefined): string {
  const key = expected === undefined ? `url-${urlKey(url)}` : `${expected.algorithm}-${expected.hex}`
  return `${key}${fileEnding(url)}`
}

/** Sees to it that the file is there, and right. */
async function fill(path: string, url: string, options: CachedDownload): Promise<string> {
  const { expected, signal, emit } = options
  const known = await knownDigest(path, url, options)
  if (known !== undefined) return known
  const reporter = progressReporter(`download ${fileName(url)}`, emit)
  await using partial = await PartialFile.open(`${path}.partial`, expected, signal)
  const request = { ...options, isVerified: expected !== undefined, onProgress: reporter.onProgress }
  for (;;) {
    await download(url, partial, request)
    const { isResumed, partOf } = partial
    try {
      const sha256 = await partial.complete(path, `'${shownUrl(url)}'`)
      reporter.finish()
      return await keepRecord(path, sha256, partOf?.validators ?? {})
    } catch (error) {
      if (!isImagoError(error, 'CHECKSUM_MISMATCH')) throw error
      if (!isResumed) {
        await partial.discard()
        throw error
      }
      await partial.restart() // its parts may be of different files: once more, in one piece
    }
  }
}

/** The SHA-256 of the file in the cache, when it is there and the right one. */
async function knownDigest(path: string, url: string, options: CachedDownload): Promise<string | undefined> {
  const { expected, signal } = options
  const record = await recordOf(path)
  if (expected === undefined) return record !== undefined && (await isUnchanged(url, record, options)) ? record.sha256 : undefined
  if (record !== undefined) return record.sha256
  const sha256 = await verifyFile(path, expected, signal).catch((error: unknown) => {
    if (signal.aborted) throw error
    return undefined // there is none, or it was damaged
  })
  return sha256 === undefined ? undefined : await keepRecord(path, sha256, {})
}

/** Asks the server. What it had before is good enough when it does not answer. */
async function isUnchanged(url: string, { validators }: CacheRecord, options: CachedDownload): Promise<boolean> {
  const headers = unlessUnchanged(validators)
  if (headers === undefined) return false
  try {
    const answer = await requestFile(url, headers, options)
    answer.close()
    return answer.status === 304
  } catch (error) {
    if (!(error instanceof ServerFailure)) throw error
    const text = `cannot ask whether '${shownUrl(url)}' has changed: ${error.message}; taking the copy from the cache`
    options.emit({ type: 'message', level: 'warning', text })
    return true
  }
}

/** What is known of a file, if it is still the one that was written. */
async function recordOf(path: string): Promise<CacheRecord | undefined> {
  try {
    const [text, { size, mtimeMs }] = await Promise.all([readFile(`${path}.json`, 'utf8'), stat(path)])
    const record = JSON.parse(text) as CacheRecord // written by this file; a wrong one does not fit
    return record.size === size && record.mtimeMs === mtimeMs ? record : undefined
  } catch {
    return undefined // one of them is missing, or the record is half written
  }
}

async function keepRecord(path: string, sha256: string, validators: Validators): Promise<string> {
  const { size, mtimeMs } = await stat(path)
  const record: CacheRecord = { size, mtimeMs, sha256, validators }
  await writeFile(`${path}.json`, JSON.stringify(record))
  return sha256
}
