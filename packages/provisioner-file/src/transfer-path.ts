import type { PlatformPath } from 'node:path'
import { basename, extname } from 'node:path'

/** Whether a source means the content of a directory, as it does for rsync: it ends with a slash, `.` or `..`. */
export function meansContent(source: string): boolean {
  return /(?:^|\/)\.{0,2}$/.test(source)
}

/** Whether a destination must be a directory, whatever is there. */
export function meansDirectory(destination: string): boolean {
  return destination.endsWith('/')
}

/** What {@link targetPath} needs to know. */
export interface Target {
  readonly source: string
  readonly kind: 'file' | 'directory'
  readonly destination: string
  /** Something is a directory at the destination, or it must become one. */
  readonly intoDirectory: boolean
}

/** The path that a file or directory gets: exactly the destination, or its own name below it. */
export function targetPath({ source, kind, destination, intoDirectory }: Target, paths: Pick<PlatformPath, 'join'>): string {
  const below = kind === 'directory' ? !meansContent(source) : intoDirectory
  return below ? paths.join(destination, basename(source)) : paths.join(destination)
}

/**
 * Where a download goes, as far as that can be told before it is known whether the source is a file. `shared`: more than this may
 * be written there.
 */
export function expectedPath(source: string, destination: string): { readonly path: string; readonly shared: boolean } {
  if (meansContent(source)) return { path: destination, shared: true }
  if (meansDirectory(destination)) return { path: `${destination}${basename(source)}`, shared: false }
  const isName = basename(source) === basename(destination) || extname(destination) !== ''
  return { path: destination, shared: !isName }
}
