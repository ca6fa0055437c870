import { stat as statLocal } from 'node:fs/promises'
import { posix } from 'node:path'
import type { Readable } from 'node:stream'

import type { RemoteEntry, Source, TransferOptions } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError } from '@imago/core'
import type { PackPathOptions, TarDirectory, TarOwner } from '@imago/tar'
import { packContent, packEntries, packPath, unpackTo } from '@imago/tar'

import type { BuildContainer } from './build-container.ts'
import { resolveOwner } from './container-owner.ts'
import { runProcess } from './container-process.ts'

/** An absolute path in the container, without `.`, `..` and a slash at the end. */
export function remotePath(container: BuildContainer, path: string): string {
  return posix.resolve('/', container.workdir, path)
}

/** What stands at an absolute path, links followed. */
export async function statRemote(
  container: BuildContainer,
  path: string,
  signal?: AbortSignal,
): Promise<(RemoteEntry & { readonly path: string }) | undefined> {
  const { containers } = container.engine
  const found = await containers.stat(container.name, path, { signal })
  if (found?.kind !== 'symlink') return found === undefined ? undefined : { kind: found.kind, size: found.size, path }
  const target = await containers.stat(container.name, found.linkTarget, { signal }) // the engine has followed all of the chain
  return target === undefined || target.kind === 'symlink' ? undefined : { kind: target.kind, size: target.size, path: found.linkTarget }
}

/**
 * Uploads to an absolute path as one tar stream: a file through the engine's archive call, a directory through the container's own `tar`
 * where it has one that can. The engine writes large files faster, and takes two or three times as long for many small ones.
 */
export async function uploadArchive(container: BuildContainer, source: Source, path: string, options: TransferOptions): Promise<void> {
  const { signal } = options
  if (signal?.aborted === true) throw abortError(signal)
  const isDirectory = 'path' in source && (await isLocalDirectory(source.path))
  const [there, owner] = await Promise.all([
    statRemote(container, path, signal),
    resolveOwner(container, options.owner ?? container.user, signal),
  ])
  if (!isDirectory && there?.kind === 'directory') {
    throw new ImagoError('TRANSFER_FAILED', `'${path}' is a directory in container ${container.name}`, {
      hint: 'name the file to be written',
    })
  }
  if (isDirectory && there !== undefined && there.kind !== 'directory') throw inTheWay(container, path)
  const isMerged = isDirectory && there !== undefined
  const { folder, missing } = isMerged ? { folder: there.path, missing: [] } : await findFolder(container, posix.dirname(path), signal)
  const name = isMerged ? '' : [...missing, posix.basename(path)].join('/')
  const pack = (): Readable => packSource(source, name, { ...options, owner, parents: directories(missing, owner) })
  if (isDirectory && (await unpackInside(container, folder, pack, signal))) return
  await put(container, folder, pack(), signal)
}

/** Unpacks an archive with the container's own `tar`. Whether that worked: why not, the engine's archive call says in its own words. */
async function unpackInside(
  container: BuildContainer,
  folder: string,
  pack: () => Readable,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (container.shell === undefined) return false
  const { exitCode } = await runProcess(container, 'exec tar -xpf - -C "$TO"', {
    root: true,
    env: { TO: folder },
    stdin: pack(),
    ...(signal !== undefined && { signal }),
  })
  return exitCode === 0
}

/** Downloads from an absolute path through the engine's archive call. */
export async function downloadArchive(
  container: BuildContainer,
  path: string,
  destination: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options
  if (signal?.aborted === true) throw abortError(signal)
  const there = await statRemote(container, path, signal)
  if (there === undefined) throw new ImagoError('INPUT_MISSING', `there is nothing at '${path}' in container ${container.name}`)
  const archive = await container.engine.containers.getArchive(container.name, there.path, { signal })
  const total = there.kind === 'file' ? there.size : undefined
  await unpackTo(archive, destination, {
    stripName: posix.basename(there.path),
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress: ({ bytes }) => onProgress({ bytes, ...(total !== undefined && { total }) }) }),
  })
}

/** Makes a directory and the parents that are missing; those that are there stay as they are. */
export async function makeDirectories(container: BuildContainer, path: string, owner: TarOwner, signal?: AbortSignal): Promise<void> {
  const { folder, missing } = await findFolder(container, path, signal)
  if (missing.length === 0) return
  await container.engine.containers.putArchive(container.name, folder, packEntries(directories(missing, owner)), { signal })
}

/** The deepest directory of an absolute path that is there, and the names of those below that are not. */
async function findFolder(
  container: BuildContainer,
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly folder: string; readonly missing: readonly string[] }> {
  const missing: string[] = []
  let folder = path
  for (;;) {
    const there = await statRemote(container, folder, signal)
    if (there !== undefined && there.kind !== 'directory') throw inTheWay(container, folder)
    if (there !== undefined || folder === '/') return { folder, missing }
    missing.unshift(posix.basename(folder))
    folder = posix.dirname(folder)
  }
}

/** Entries for directories of which each is in the one before. */
function directories(names: readonly string[], owner: TarOwner): readonly TarDirectory[] {
  const mtime = Math.floor(Date.now() / 1000)
  return names.map((_, index) => ({ type: 'directory', name: names.slice(0, index + 1).join('/'), mode: 0o755, ...owner, mtime }))
}

async function isLocalDirectory(path: string): Promise<boolean> {
  try {
    return (await statLocal(path)).isDirectory()
  } catch (error) {
    throw fileSystemError(error, `cannot upload '${path}'`)
  }
}

function packSource(
  source: Source,
  name: string,
  { mode, owner, parents, onProgress, signal }: Omit<TransferOptions, 'owner'> & Required<Pick<PackPathOptions, 'owner' | 'parents'>>,
): Readable {
  const options = {
    owner,
    parents,
    ...(mode !== undefined && { mode }),
    ...(onProgress !== undefined && { onProgress }),
    ...(signal !== undefined && { signal }),
  }
  return 'path' in source ? packPath(source.path, { name, ...options }) : packContent(name, source.content, options)
}

async function put(container: BuildContainer, directory: string, archive: Readable, signal: AbortSignal | undefined): Promise<void> {
  try {
    await container.engine.containers.putArchive(container.name, directory, archive, { signal })
  } catch (error) {
    if (isImagoError(error, 'PROVIDER_FAILED')) throw new ImagoError('TRANSFER_FAILED', error.message, { cause: error })
    throw error
  }
}

function inTheWay(container: BuildContainer, path: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `'${path}' is no directory in container ${container.name}`)
}
