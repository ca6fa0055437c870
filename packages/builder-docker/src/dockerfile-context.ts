import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'

import { fileSystemError, systemCode } from '@imago/core'
import type { TarEntry } from '@imago/tar'
import { packEntries, packPath, readEntries } from '@imago/tar'

import { ignoreRules } from './docker-ignore.ts'

/** A build context for the engine. */
export interface DockerfileContext {
  /** A tar stream. */
  readonly archive: Readable
  /** Where in it the Dockerfile is. */
  readonly dockerfile: string
}

/** Name in the archive of a Dockerfile that lies outside of the context's folder. */
const outsideName = '.imago.Dockerfile'

/** How to pack a context. */
export interface ContextOptions {
  readonly signal: AbortSignal
  /** Time of the last change of every file, in seconds since 1970. @default the times on this machine */
  readonly mtime?: number
}

/**
 * Packs a Dockerfile and its context folder, as root's, without what `.dockerignore` leaves out. The Dockerfile may lie outside.
 * Absolute paths.
 */
export async function dockerfileContext(dockerfile: string, folder: string, options: ContextOptions): Promise<DockerfileContext> {
  const inside = relative(folder, dockerfile)
  const isInside = !inside.startsWith('..') && !join(inside).startsWith(sep) && inside !== ''
  const kept = new Set([...(await keptPaths(folder)), ...(isInside ? withParents(inside) : [])])
  const archive = packPath(folder, { name: '', owner: { uid: 0, gid: 0 }, include: (below) => kept.has(below), ...options })
  if (isInside) return { archive, dockerfile: inside.split(sep).join('/') }
  const content = await readFile(dockerfile).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${dockerfile}'`)
  })
  return { archive: packEntries(withDockerfile(content, archive), { signal: options.signal }), dockerfile: outsideName }
}

async function* withDockerfile(content: Uint8Array, archive: Readable): AsyncGenerator<TarEntry, void, undefined> {
  yield { type: 'file', name: outsideName, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: content.length, content }
  yield* readEntries(archive)
}

/** The paths below the context's folder that `.dockerignore` does not leave out, with the folders that lead to them. */
async function keptPaths(folder: string): Promise<Set<string>> {
  const kept = new Set<string>()
  const rules = ignoreRules(await ignoreFile(folder))
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      const isIgnored = rules.ignores(path.split(sep).join('/'))
      if (!isIgnored) for (const each of withParents(path)) kept.add(each)
      if (entry.isDirectory() && (!isIgnored || rules.hasExceptions)) await walk(path)
    }
  }
  try {
    await walk('')
  } catch (error) {
    throw fileSystemError(error, `cannot read '${folder}'`)
  }
  return kept
}

async function ignoreFile(folder: string): Promise<string> {
  const path = join(folder, '.dockerignore')
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return ''
    throw fileSystemError(error, `cannot read '${path}'`)
  })
}

/** `a/b/c`, `a/b` and `a`. */
function withParents(path: string): string[] {
  const parts = path.split(sep)
  return parts.map((_, index) => parts.slice(0, index + 1).join(sep))
}
