import { win32 } from 'node:path'

/** A path as Windows' own programs take it: with backslashes, and none at its end. */
export function windowsPath(path: string): string {
  const normal = win32.normalize(path)
  return /^(?:[A-Za-z]:)?\\$/.test(normal) ? normal : normal.replace(/\\$/, '')
}
