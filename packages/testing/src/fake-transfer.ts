import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'

import type { Source, TransferOptions } from '@imago/core'
import { abortError, fileSystemError, ImagoError, isImagoError, messageOf } from '@imago/core'

import type { UploadedFile } from './machine-record.ts'
import type { MemoryTree } from './memory-tree.ts'

/** The user of a fake machine. */
const defaultOwner = '0:0'

/** Copies a file or directory of this machine, or content, into a tree. `uploaded` is told of each file. */
export async function uploadInto(
  tree: MemoryTree,
  source: Source,
  destination: string,
  options: TransferOptions,
  uploaded: (file: UploadedFile) => void,
): Promise<void> {
  const owner = options.owner ?? defaultOwner
  let bytes = 0
  const put = (path: string, content: Uint8Array, mode: number): void => {
    tree.put(path, { kind: 'file', content, mode, owner })
    uploaded({ path, content, mode, owner })
    bytes += content.byteLength
    options.onProgress?.({ bytes })
  }
  if ('content' in source) {
    put(destination, Buffer.from(source.content), options.mode ?? 0o644)
    return
  }
  const copy = async (local: string, remote: string): Promise<void> => {
    checkSignal(options.signal)
    const stats = await (local === source.path ? stat(local) : lstat(local))
    if (stats.isSymbolicLink()) {
      tree.put(remote, { kind: 'symlink', target: await readlink(local), owner })
    } else if (stats.isDirectory()) {
      tree.makeDirectory(remote, owner)
      tree.put(remote, { kind: 'directory', mode: stats.mode & 0o7777, owner })
      for (const name of await readdir(local)) await copy(join(local, name), posix.join(remote, name))
    } else if (stats.isFile()) {
      put(remote, await readFile(local), options.mode ?? stats.mode & 0o7777)
    }
  }
  await copy(source.path, destination).catch((error: unknown) => {
    throw transferError(error, `upload ${source.path}`)
  })
}

/** Copies a file or directory of a tree to this machine. */
export async function downloadFrom(tree: MemoryTree, source: string, destination: string, options: TransferOptions): Promise<void> {
  const top = tree.follow(source)
  if (top === undefined) throw new ImagoError('INPUT_MISSING', `download ${source}: the machine has no such file or directory`)
  let bytes = 0
  const copy = async (remote: string, local: string): Promise<void> => {
    checkSignal(options.signal)
    const entry = remote === source ? top : tree.entry(remote)
    if (entry?.kind === 'symlink') {
      await rm(local, { force: true })
      await symlink(entry.target, local)
    } else if (entry?.kind === 'directory') {
      await mkdir(local, { recursive: true })
      for (const name of tree.names(remote)) await copy(posix.join(remote, name), join(local, name))
      await chmod(local, entry.mode)
    } else if (entry !== undefined) {
      await writeFile(local, entry.content)
      await chmod(local, options.mode ?? entry.mode)
      bytes += entry.content.byteLength
      options.onProgress?.({ bytes })
    }
  }
  try {
    await mkdir(dirname(destination), { recursive: true })
    await copy(source, destination)
  } catch (error) {
    throw transferError(error, `download ${source} to ${destination}`)
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal)
}

function transferError(error: unknown, what: string): unknown {
  const known = fileSystemError(error, what)
  return isImagoError(known) ? known : new ImagoError('TRANSFER_FAILED', `${what}: ${messageOf(error)}`, { cause: error })
}
