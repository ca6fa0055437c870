import { constants } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises'
import { basename, isAbsolute, join, relative, sep } from 'node:path'

import { abortError, fileSystemError, ImagoError, systemCode } from '@imago/core'

/** What {@link copyTree} takes beside its two paths. */
export interface CopyOptions {
  readonly signal: AbortSignal
  /** A folder that is not copied, nor the folder `.imago` that it is in: where the copy is made may be a part of what is copied. @default none */
  readonly workDirectory?: string
}

/** A tree that is being copied. */
interface Tree {
  /** Its real path. */
  readonly root: string
  /** The trees that led here, by links out of them. */
  readonly outer: readonly string[]
  readonly signal: AbortSignal
  readonly workDirectory: string | undefined
}

/**
 * Copies a file or a tree of this machine. Links stay links where they lead to something of the same tree; those that lead out of it are
 * followed, for the other machine does not have what they lead to.
 * @throws ImagoError `INPUT_MISSING` when something is not there, or links go round; `DISK_FULL`, `OUTPUT_UNWRITABLE`
 */
export async function copyTree(from: string, to: string, { signal, workDirectory }: CopyOptions): Promise<void> {
  try {
    const root = await realpath(from)
    const work = workDirectory === undefined ? undefined : await realpath(workDirectory)
    await copyEntry(root, to, { root, outer: [], signal, workDirectory: work })
  } catch (error) {
    throw fileSystemError(error, `copy ${from}`)
  }
}

async function copyEntry(from: string, to: string, tree: Tree): Promise<void> {
  if (tree.signal.aborted) throw abortError(tree.signal)
  if (isOurs(from, tree.workDirectory)) return
  const entry = await lstat(from)
  if (entry.isSymbolicLink()) {
    await copyLink(from, to, tree)
  } else if (entry.isDirectory()) {
    await mkdir(to, { recursive: true })
    for (const name of await readdir(from)) await copyEntry(join(from, name), join(to, name), tree)
    await chmod(to, entry.mode & 0o7777)
  } else if (entry.isFile()) {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    await chmod(to, entry.mode & 0o7777)
  }
}

async function copyLink(from: string, to: string, tree: Tree): Promise<void> {
  const target = await realpath(from).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined // what hangs in the air here may be there in the machine
    throw error
  })
  const text = await readlink(from)
  if (target === undefined || (!isAbsolute(text) && isInside(target, tree.root))) {
    await symlink(text, to)
    return
  }
  const followed = [...tree.outer, tree.root]
  if (followed.some((root) => isInside(root, target)) || (isInside(target, tree.root) && isInside(from, target))) {
    throw new ImagoError('INPUT_MISSING', `the link '${from}' leads back to '${target}', which holds it`, {
      hint: 'remove the link, or name the folders that are needed one by one',
    })
  }
  await copyEntry(target, to, { ...tree, root: target, outer: followed })
}

function isOurs(path: string, workDirectory: string | undefined): boolean {
  if (workDirectory === undefined) return false
  return path === workDirectory || (basename(path) === '.imago' && isInside(workDirectory, path))
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
