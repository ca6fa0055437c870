import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import type { StepContext } from '@imago/core'
import { fileSystemError, ImagoError, isImagoError, messageOf } from '@imago/core'

import { cachedDownload } from './cached-download.ts'
import { resolveChecksum } from './checksum-file.ts'
import type { KnownDigest } from './digest.ts'
import { verifyFile } from './digest.ts'
import type { MediaSource } from './media-source.ts'
import { isRemote, localPath } from './source-url.ts'

/** How to fetch a source. */
export interface FetchOptions extends Pick<StepContext, 'signal' | 'emit'> {
  /** Local paths are relative to this folder. */
  readonly directory: string
  /** Where downloads are kept, for all builds. @default `~/.cache/imago/media` */
  readonly cacheDirectory?: string
  /** Milliseconds without a byte after which a server is given up. @default 30_000 */
  readonly stallTimeoutMs?: number
  /** Milliseconds before a server that gave nothing is asked again; each further wait is twice as long. @default 250 */
  readonly retryDelayMs?: number
}

/** A source that is on this machine. */
export interface FetchedSource {
  /** Absolute. Read only: it may be the user's own file, or serve other builds. */
  readonly path: string
  /** In hex. Of a local file that is not checked it is not known. */
  readonly sha256?: string
}

/**
 * Brings a source to this machine. A local file is used where it is. What a server has is downloaded into the cache, once: a file that is
 * there already is taken from there, and two builds that want one file wait for each other. A download that broke off goes on where
 * it ended, also that of a run which was killed; a server that does not go on is left for the next one. Of a source whose checksum is
 * `'none'`, the server is asked each time whether it has changed.
 * @throws ImagoError `CHECKSUM_MISMATCH` with both digests, `NETWORK` with what each server said, `INPUT_MISSING` when a local file or the
 * checksum is not there, `DISK_FULL`, `OUTPUT_UNWRITABLE`, or as the signal says
 * @example const iso = await fetchSource({ url: 'https://…/debian.iso', checksum: { url: 'https://…/SHA256SUMS' } }, ctx)
 */
export async function fetchSource(source: MediaSource, options: FetchOptions): Promise<FetchedSource> {
  const urls = typeof source.url === 'string' ? [source.url] : source.url
  const expected = await resolveChecksum(source.checksum, urls, options)
  const cacheDirectory = options.cacheDirectory ?? join(homedir(), '.cache', 'imago', 'media')
  const failures: unknown[] = []
  for (const url of urls) {
    try {
      return isRemote(url) ? await cachedDownload(url, { ...options, cacheDirectory, expected }) : await takeLocal(url, expected, options)
    } catch (error) {
      if (options.signal.aborted || isImagoError(error, 'DISK_FULL') || isImagoError(error, 'OUTPUT_UNWRITABLE')) throw error
      failures.push(error)
      if (failures.length < urls.length)
        options.emit({ type: 'message', level: 'warning', text: `${messageOf(error)}; trying the next source` })
    }
  }
  throw allFailed(failures)
}

async function takeLocal(url: string, expected: KnownDigest | undefined, { directory, signal }: FetchOptions): Promise<FetchedSource> {
  const path = localPath(url, directory)
  const found = await stat(path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${url}'`)
  })
  if (!found.isFile()) throw new ImagoError('INPUT_MISSING', `'${path}' is not a file`)
  return expected === undefined ? { path } : { path, sha256: await verifyFile(path, expected, signal) }
}

/** One that failed speaks for itself; of several, a wrong checksum says most. */
function allFailed(failures: readonly unknown[]): unknown {
  const [first] = failures
  if (failures.length === 1) return first
  const told = failures.find((failure) => isImagoError(failure, 'CHECKSUM_MISMATCH')) ?? first
  const code = isImagoError(told) ? told.code : 'NETWORK'
  return new ImagoError(code, `no source can be used:\n${failures.map((failure) => `  ${messageOf(failure)}`).join('\n')}`, { cause: told })
}
