import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

import { fileSystemError, ImagoError } from '@imago/core'

import { isPattern, matchingFiles } from './matching-files.ts'
import type { Content } from './seed-server.ts'

/** What is to be on a medium. */
export interface MediumContent {
  /** Local files and directories, or patterns of them, each under its own name in the root of the medium. Links are followed. @default none */
  readonly files?: readonly string[]
  /** Texts to make files of, by their paths on the medium. @default none */
  readonly content?: Content
  /** Local paths are relative to this folder. */
  readonly directory: string
}

/** A file of a medium, or a directory with nothing in it. */
export type MediumEntry =
  | { readonly path: string; readonly kind: 'text'; readonly text: string }
  | { readonly path: string; readonly kind: 'file'; readonly source: string }
  | { readonly path: string; readonly kind: 'directory' }

/**
 * The files of a medium, sorted by path. Content replaces a file of the same path.
 * @throws ImagoError `INPUT_MISSING` when a file is not there, `UNSUPPORTED` when two have one name
 */
export async function mediumEntries({ files = [], content = {}, directory }: MediumContent): Promise<MediumEntry[]> {
  const entries = new Map<string, MediumEntry>()
  const sources = await Promise.all(
    files.map(async (file) => (isPattern(file) ? await matchingFiles(file, directory) : [resolve(directory, file)])),
  )
  for (const source of sources.flat()) {
    if (entries.has(basename(source))) throw new ImagoError('UNSUPPORTED', `two files for the medium are named '${basename(source)}'`)
    for await (const entry of walk(source, basename(source))) entries.set(entry.path, entry)
  }
  for (const [path, text] of Object.entries(content)) entries.set(path, { path, kind: 'text', text })
  return [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function* walk(source: string, path: string): AsyncGenerator<MediumEntry, void, void> {
  const found = await stat(source).catch((error: unknown) => {
    throw fileSystemError(error, `cannot put '${source}' on the medium`)
  })
  if (!found.isFile() && !found.isDirectory()) throw new ImagoError('UNSUPPORTED', `'${source}' is neither a file nor a directory`)
  const names = found.isDirectory() ? await readdir(source) : []
  for (const name of names) yield* walk(join(source, name), `${path}/${name}`)
  if (found.isFile()) yield { path, kind: 'file', source }
  else if (names.length === 0) yield { path, kind: 'directory' }
}
