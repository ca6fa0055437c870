import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Emit } from '@imago/core'

import type { Digest, DigestAlgorithm, FetchedSource, FetchOptions, MediaSource } from '../src/index.ts'
import { fetchSource } from '../src/index.ts'
import { patient, temporaryFolder } from './folder.ts'

/** What is fetched. */
export const content: Buffer = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251))
/** Something else of the same length. */
export const other: Buffer = Buffer.from(content.map((byte) => byte ^ 1))
/** The digest of some bytes, as options have it. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** The SHA-256 of what is fetched, in hex. */
export const sha256: string = digestOf(content).slice('sha256:'.length)

/** A folder with a cache in it, and what is fetched into that. */
export interface Bench {
  readonly directory: string
  readonly cacheDirectory: string
  /** What was said. */
  readonly texts: string[]
  readonly progress: Extract<Parameters<Emit>[0], { readonly type: 'progress' }>[]
  readonly fetch: (source: Partial<MediaSource> & Pick<MediaSource, 'url'>, options?: Partial<FetchOptions>) => Promise<FetchedSource>
  /** The names of the files in the cache, without what is before the first point. */
  readonly endings: () => Promise<readonly string[]>
}

/** Makes one. What is fetched must be {@link content}, unless something else is said. */
export async function bench(): Promise<Bench> {
  const directory = await temporaryFolder()
  const cacheDirectory = join(directory, 'cache')
  const texts: string[] = []
  const progress: Bench['progress'] = []
  const emit: Emit = (event) => {
    if (event.type === 'progress') progress.push(event)
    else texts.push(event.text)
  }
  return {
    directory,
    cacheDirectory,
    texts,
    progress,
    fetch: (source, options = {}) =>
      fetchSource(
        { checksum: digestOf(content), ...source },
        { directory, cacheDirectory, signal: patient, emit, retryDelayMs: 1, ...options },
      ),
    endings: async () => (await readdir(cacheDirectory)).map((name) => name.replace(/^[^.]*/, '')).toSorted(),
  }
}
