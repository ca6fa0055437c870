import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Builder, FilesArtifact } from '@imago/core'

import type { Emulated } from './emulated.ts'

/** A disk of 6 MB, and a builder that has made it. */
export async function madeDisk({
  directory,
}: Pick<Emulated, 'directory'>): Promise<{ readonly builder: Builder<FilesArtifact>; readonly artifact: FilesArtifact }> {
  const path = join(directory, 'disk.raw')
  const content = Buffer.alloc(6 * 1024 * 1024, 1)
  await writeFile(path, content)
  const artifact = { type: 'disk', id: path, files: [{ path, size: content.length }] }
  return {
    artifact,
    builder: {
      kind: 'builder',
      type: 'disk',
      options: {},
      makes: { type: 'disk', files: true },
      build: () => Promise.resolve(artifact),
    },
  }
}
