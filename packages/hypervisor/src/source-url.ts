import { createHash } from 'node:crypto'
import { basename, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whether a source is on a server. */
export function isRemote(url: string): boolean {
  return /^https?:\/\//i.test(url)
}

/** The absolute path of a source that is a `file:` URL or a local path. */
export function localPath(url: string, directory: string): string {
  return /^file:\/\//i.test(url) ? fileURLToPath(url) : resolve(directory, url)
}

/** The name of the file that a source is. */
export function fileName(url: string): string {
  if (!isRemote(url)) return basename(url)
  const last = new URL(url).pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last // it is not well encoded
  }
}

/** How the name of a file ends, as far as it is a plain one: `.iso`. */
export function fileEnding(url: string): string {
  const ending = extname(fileName(url))
  return /^\.[A-Za-z0-9]{1,8}$/.test(ending) ? ending : ''
}

/** A URL for people: without what may be secret in it, a user's name, a password and a query. */
export function shownUrl(url: string): string {
  if (!isRemote(url)) return url
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`
}

/** What tells a URL from others on the disk, for the same reason. */
export function urlKey(url: string): string {
  return createHash('sha256').update(url).digest('hex')
}
