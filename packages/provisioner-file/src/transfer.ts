import { realpath, stat } from 'node:fs/promises'
import path, { posix, resolve } from 'node:path'

import type { ProvisionContext } from '@imago/core'
import { fileSystemError, ImagoError, isSecret, progressReporter, resolveFacts, reveal } from '@imago/core'

import type { DownloadOptions, FileOptions, UploadOptions } from './file-options.ts'
import { destinationIssues } from './file-options.ts'
import { meansDirectory, targetPath } from './transfer-path.ts'

/** Uploads everything, one transfer for each source. */
export async function upload(options: UploadOptions, context: ProvisionContext): Promise<void> {
  const destination = destinationOf(options, context)
  if (options.content !== undefined) {
    await uploadContent(options, destination, context)
    return
  }
  for (const source of options.sources ?? [options.source]) await uploadPath(source, destination, options, context)
}

/** @throws ImagoError `DEFINITION_INVALID` when the facts make something of it that is no destination */
function destinationOf(options: FileOptions, { facts }: ProvisionContext): string {
  const destination = resolveFacts(options.destination, facts)
  const [issue] = destination === '' ? [{ message: 'must not be empty' }] : destinationIssues({ ...options, destination })
  if (issue !== undefined) throw new ImagoError('DEFINITION_INVALID', `destination: ${issue.message}`)
  return destination
}

async function uploadContent(
  { content: given, ...options }: Extract<UploadOptions, { readonly source?: never }>,
  destination: string,
  context: ProvisionContext,
): Promise<void> {
  const value = resolveFacts(given ?? '', context.facts)
  if (isSecret(value)) context.maskSecret(reveal(value))
  const content = value instanceof Uint8Array ? value : reveal(value)
  await context.machine.upload({ content }, destination, { ...attributes(options), signal: context.signal })
}

async function uploadPath(source: string, destination: string, options: UploadOptions, context: ProvisionContext): Promise<void> {
  const { machine, directory, signal, emit } = context
  const local = await localEntry(source, directory)
  const isDirectory = async (): Promise<boolean> => (await machine.stat(destination, { signal }))?.kind === 'directory'
  const intoDirectory = options.sources !== undefined || meansDirectory(destination) || (local.kind === 'file' && (await isDirectory()))
  const target = targetPath({ source, kind: local.kind, destination, intoDirectory }, posix)
  const progress = progressReporter(`upload ${source}`, emit)
  const transfer = { ...attributes(options), ...(options.sync === true && { sync: true }), signal, onProgress: progress.onProgress }
  await machine.upload({ path: local.path }, withoutSlash(target), transfer)
  progress.finish()
}

/** Downloads everything, one transfer for each source. */
export async function download(options: DownloadOptions, context: ProvisionContext): Promise<void> {
  const destination = destinationOf(options, context)
  for (const source of options.sources ?? [options.source]) {
    const { machine, directory, signal, emit } = context
    const kind = (await machine.stat(source, { signal }))?.kind
    if (kind === undefined || kind === 'other') {
      const what = kind === undefined ? 'no such file or directory' : 'neither a file nor a directory'
      throw new ImagoError('INPUT_MISSING', `download ${source}: there is ${what} in the machine`)
    }
    const local = resolve(directory, destination)
    const intoDirectory = options.sources !== undefined || meansDirectory(destination) || (await isLocalDirectory(local))
    const target = targetPath({ source, kind, destination: local, intoDirectory }, path)
    const progress = progressReporter(`download ${source}`, emit)
    await machine.download(withoutSlash(source), target, { signal, onProgress: progress.onProgress })
    progress.finish()
  }
}

/** What a source is. The links that lead to it are followed; those in a directory stay links. */
async function localEntry(source: string, directory: string): Promise<{ readonly path: string; readonly kind: 'file' | 'directory' }> {
  try {
    const given = resolve(directory, source)
    const found = await stat(source.endsWith('/') ? `${given}/` : given)
    if (found.isDirectory() || found.isFile()) return { path: await realpath(given), kind: found.isFile() ? 'file' : 'directory' }
  } catch (error) {
    throw fileSystemError(error, `upload ${source}`)
  }
  throw new ImagoError('INPUT_MISSING', `upload ${source}: it is neither a file nor a directory`)
}

async function isLocalDirectory(local: string): Promise<boolean> {
  try {
    return (await stat(local)).isDirectory()
  } catch {
    return false // nothing there, or nothing that can be seen: the transfer itself says what is wrong
  }
}

function attributes({ mode, owner }: Pick<UploadOptions, 'mode' | 'owner'>): { readonly mode?: number; readonly owner?: string } {
  return { ...(mode !== undefined && { mode }), ...(owner !== undefined && { owner }) }
}

function withoutSlash(remote: string): string {
  return remote.replace(/(?<=.)\/+$/, '')
}
