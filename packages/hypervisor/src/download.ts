import type { ProgressReporter } from '@imago/core'

import type { HttpFile } from './http-file.ts'
import { requestFile, ServerFailure } from './http-file.ts'
import type { ServerPatience } from './http-file.ts'
import type { PartialFile, PartOf } from './partial-file.ts'
import type { Persistence } from './persist.ts'
import { persist } from './persist.ts'
import { urlKey } from './source-url.ts'
import { sameBytes, validatorsOf } from './validators.ts'

/** How to download. */
export interface DownloadOptions extends ServerPatience, Omit<Persistence, 'reached'> {
  /** Whether parts from different servers, or without a validator, may be put together: the digest tells in the end. */
  readonly isVerified: boolean
  readonly onProgress: ProgressReporter['onProgress']
}

/**
 * Downloads a file into `partial`, going on with what is there. A response that breaks off is asked for again, from where it ended.
 * @throws ImagoError `NETWORK`, `DISK_FULL`, or as the signal says
 */
export async function download(url: string, partial: PartialFile, options: DownloadOptions): Promise<void> {
  await persist(url, { ...options, reached: () => partial.size }, () => attempt(url, partial, options))
}

async function attempt(url: string, partial: PartialFile, options: DownloadOptions): Promise<void> {
  const file = await requestFile(url, resumeHeaders(url, partial, options), options)
  try {
    if (file.status === 416 && totalOf(file) === partial.size && partial.size > 0) return // it was all there already
    const total = await begin(url, partial, file)
    await append(file, partial, { total, onProgress: options.onProgress })
  } finally {
    file.close()
  }
}

/** Without any, the server sends all of it. */
function resumeHeaders(url: string, { partOf, size }: PartialFile, { isVerified }: DownloadOptions): Readonly<Record<string, string>> {
  if (partOf === undefined) return {}
  const range = { range: `bytes=${size}-` }
  const condition = partOf.source === urlKey(url) ? sameBytes(partOf.validators) : undefined
  if (condition !== undefined) return { ...range, 'if-range': condition }
  return isVerified ? range : {}
}

/**
 * Prepares the part for what the server sends.
 * @returns how long the file is going to be
 */
async function begin(url: string, partial: PartialFile, file: HttpFile): Promise<number | undefined> {
  const total = totalOf(file)
  const partOf: PartOf = { source: urlKey(url), validators: validatorsOf(file.headers), ...(total !== undefined && { total }) }
  if (file.status === 200) {
    await partial.restart(partOf)
    return total
  }
  if (file.status === 206 && continues(partial, partOf, file)) {
    await partial.resume(partOf)
    return total
  }
  await partial.restart()
  throw new ServerFailure('the server does not go on where it was asked to', { isPassing: true })
}

/** Whether the response begins where the part ends, and is of the same file. */
function continues(partial: PartialFile, now: PartOf, { headers }: HttpFile): boolean {
  const before = partial.partOf
  if (before === undefined) return false
  const [, start] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? []
  const [was, is] = [sameBytes(before.validators), sameBytes(now.validators)]
  const isSameState = before.source !== now.source || was === undefined || is === undefined || was === is
  return Number(start) === partial.size && isSameState && (before.total ?? now.total) === now.total
}

/** How long the whole file is, as far as the server says. */
function totalOf({ status, headers }: HttpFile): number | undefined {
  const text = status === 200 ? headers.get('content-length') : /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
  return text === null || text === undefined ? undefined : Number(text)
}

interface Appending extends Pick<DownloadOptions, 'onProgress'> {
  readonly total: number | undefined
}

async function append(file: HttpFile, partial: PartialFile, { total, onProgress }: Appending): Promise<void> {
  const brokeOff = (cause?: ServerFailure): ServerFailure => {
    const why = cause === undefined ? '' : `: ${cause.message}`
    return new ServerFailure(`it broke off after ${partial.size}${total === undefined ? '' : ` of ${total}`} bytes${why}`, {
      isPassing: true,
      cause,
    })
  }
  try {
    for await (const chunk of file.chunks) {
      await partial.append(chunk)
      onProgress({ bytes: partial.size, ...(total !== undefined && { total }) })
    }
  } catch (error) {
    throw error instanceof ServerFailure ? brokeOff(error) : error
  }
  if (total !== undefined && partial.size !== total) throw brokeOff()
}
