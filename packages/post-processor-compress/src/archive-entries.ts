import { dirname, relative, sep } from 'node:path'

import type { ArchiveEntry } from '@imago/archive'
import { fileEntry } from '@imago/archive'
import type { ArtifactFile } from '@imago/core'
import { ImagoError } from '@imago/core'

/**
 * The entries for an artifact's files, sorted by name. Names are relative to the folder that all files have in common; a single file is
 * named by its base name.
 * @throws ImagoError `INPUT_MISSING` when there are no files, or one of them cannot be found or is not a file.
 */
export async function archiveEntries(files: readonly ArtifactFile[]): Promise<ArchiveEntry[]> {
  const paths = [...new Set(files.map(({ path }) => path))]
  if (paths.length === 0) {
    throw new ImagoError('INPUT_MISSING', 'the artifact has no files, so there is nothing to compress', {
      hint: 'check what the step before this one makes',
    })
  }
  const folder = commonFolder(paths)
  const entries = await Promise.all(paths.map((path) => fileEntry(path, relative(folder, path).split(sep).join('/'))))
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function commonFolder(paths: readonly string[]): string {
  const [first = '', ...rest] = paths.map((path) => dirname(path))
  let folder = first
  while (rest.some((path) => path !== folder && !path.startsWith(folder.endsWith(sep) ? folder : folder + sep))) folder = dirname(folder)
  return folder
}
