import { extname } from 'node:path'

import type { ArtifactFile, FilesArtifact } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ImportFormat } from './amazon-import-options.ts'

/** A disk that AWS imports. */
export interface ImportDisk extends ArtifactFile {
  readonly format: ImportFormat
}

const formats: Readonly<Record<string, ImportFormat>> = {
  '.ova': 'ova',
  '.raw': 'raw',
  '.img': 'raw',
  '.vhd': 'vhd',
  '.vhdx': 'vhdx',
  '.vmdk': 'vmdk',
}

/**
 * The disk among an artifact's files: the only one of a format that AWS imports, or, where the format is given, the only one of it.
 * @throws ImagoError `INPUT_MISSING` when there is none, or several
 */
export function findDisk({ files }: FilesArtifact, format: ImportFormat | undefined): ImportDisk {
  const [only, ...more] = files
  if (format !== undefined && only !== undefined && more.length === 0) return { ...only, format }
  const disks = files.flatMap((file): ImportDisk[] => {
    const found = formats[extname(file.path).toLowerCase()]
    return found === undefined || (format !== undefined && format !== found) ? [] : [{ ...file, format: found }]
  })
  const [disk, another] = disks
  if (disk !== undefined && another === undefined) return disk
  const what = format ?? Object.keys(formats).join(', ')
  throw new ImagoError(
    'INPUT_MISSING',
    `of ${files.length} files, ${disks.length} are disks that AWS imports (${what}), and it must be one`,
    {
      hint: `the files are ${files.map(({ path }) => path).join(', ') || 'none'}; let the builder make a raw disk or a VMDK, or name the format`,
    },
  )
}
