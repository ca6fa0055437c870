import { closeSync, constants, openSync, readdirSync } from 'node:fs'

import type { BytePath } from '../byte-path.ts'
import { compareBytes, fromBytes, toBytes } from '../byte-path.ts'

/** A directory that is held open. What it contains is reached through it, wherever its path leads meanwhile. */
export interface Directory extends Disposable {
  /** The path by which the system finds a name in it; with `''`, or without a name, the directory itself. */
  path(name?: BytePath): Buffer
}

const slash = Buffer.from('/')

/**
 * Opens a directory, and no link to one.
 *
 * On Linux the names in it are reached through the open descriptor (`/proc/self/fd/<n>/<name>`, which is what openat(2) does), so that
 * nobody can put a link in the place of one of its parents. Elsewhere no foreign process ever runs in a root, and paths will do.
 * @throws what open(2) throws: `ENOTDIR` or `ELOOP` for what is no directory
 */
export function openDirectory(path: Buffer): Directory {
  if (process.platform !== 'linux') return pathDirectory(path)
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  return { path: pathsBelow(Buffer.from(`/proc/self/fd/${descriptor}`)), [Symbol.dispose]: () => closeSync(descriptor) }
}

function pathDirectory(path: Buffer): Directory {
  return { path: pathsBelow(path), [Symbol.dispose]: () => undefined }
}

/** Without a name the path ends with a slash, so that it is the directory even where it leads through a link of `/proc`. */
function pathsBelow(base: Buffer): Directory['path'] {
  return (name) => Buffer.concat(name === undefined ? [base, slash] : [base, slash, toBytes(name)])
}

/** The names in a directory, sorted. */
export function namesIn(directory: Directory): BytePath[] {
  return readdirSync(directory.path(), { encoding: 'buffer' })
    .map((name) => fromBytes(name))
    .toSorted(compareBytes)
}
