import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** A local path of the options: `~/` is the home folder. */
export function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}

/** A local path of the options, made absolute. */
export function localPath(path: string, directory: string): string {
  return resolve(directory, expandHome(path))
}
