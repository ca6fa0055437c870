import { open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import type { ArchiveEntry } from '@imago/archive'
import { fileEntry } from '@imago/archive'
import type { Artifact, FilesArtifact } from '@imago/core'
import { fileSystemError, ImagoError } from '@imago/core'
import { tarIndex } from '@imago/tar'

import { withFiles } from './box-content.ts'

/** The files of a machine that was exported: inside an OVA, or beside an OVF. */
export interface ApplianceFiles {
  /** The description in XML. */
  readonly description: ArchiveEntry
  /** The list of digests, where there is one. */
  readonly manifest?: ArchiveEntry
  /** A file that the description names. @throws ImagoError `INPUT_MISSING` */
  find(name: string): Promise<ArchiveEntry>
}

/** @throws ImagoError `UNSUPPORTED` when the artifact is no such machine, `INPUT_MISSING`, `TRANSFER_FAILED` for an OVA that is damaged */
export async function applianceFiles(input: Artifact, signal: AbortSignal): Promise<ApplianceFiles> {
  const artifact = withFiles(input)
  const ova = artifact.files.find(({ path }) => path.toLowerCase().endsWith('.ova'))
  if (ova !== undefined) return await insideOva(ova.path, signal)
  const ovf = artifact.files.find(({ path }) => isDescription(path))
  if (ovf !== undefined) return await besideOvf(ovf.path, artifact)
  throw new ImagoError('UNSUPPORTED', `'${input.id}' has no OVA and no OVF, which boxes for virtualbox are made of`)
}

async function insideOva(path: string, signal: AbortSignal): Promise<ApplianceFiles> {
  const entries = await ovaEntries(path, signal)
  const description = entries.find(({ name }) => isDescription(name))
  if (description === undefined) throw new ImagoError('UNSUPPORTED', `there is no description of a machine (.ovf) in '${path}'`)
  return {
    description,
    ...withManifest(entries.find(({ name }) => name === manifestName(description.name))),
    find: async (name) => entries.find((entry) => entry.name === name) ?? missing(name, path),
  }
}

async function ovaEntries(path: string, signal: AbortSignal): Promise<readonly ArchiveEntry[]> {
  const places = await tarIndex(path, { signal })
  const { mtimeMs } = await stat(path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${path}'`)
  })
  return places.map(({ name, start, size }) => ({ name, size, mode: 0o644, mtimeMs, content: { path, start } }))
}

async function besideOvf(path: string, { files }: FilesArtifact): Promise<ApplianceFiles> {
  const entryOf = (name: string): Promise<ArchiveEntry> => fileEntry(join(dirname(path), name), name)
  const manifest = manifestName(basename(path))
  const hasManifest = files.some((file) => file.path === join(dirname(path), manifest))
  return {
    description: await entryOf(basename(path)),
    ...withManifest(hasManifest ? await entryOf(manifest) : undefined),
    find: entryOf,
  }
}

function withManifest(manifest: ArchiveEntry | undefined): { readonly manifest?: ArchiveEntry } {
  return manifest === undefined ? {} : { manifest }
}

function isDescription(name: string): boolean {
  return name.toLowerCase().endsWith('.ovf')
}

function manifestName(description: string): string {
  return description.replace(/ovf$/i, 'mf')
}

function missing(name: string, path: string): never {
  throw new ImagoError('INPUT_MISSING', `'${path}' names '${name}' and does not hold it`, { hint: 'export the machine again' })
}

/** Bytes; no honest description is longer. */
const maxText = 16 << 20

/** The content of a small file. @throws ImagoError `INPUT_MISSING`, `UNSUPPORTED` when it is not small */
export async function readText({ name, size, content }: ArchiveEntry): Promise<string> {
  if (size > maxText) throw new ImagoError('UNSUPPORTED', `'${name}' has ${size} bytes, too many for a description of a machine`)
  if (content instanceof Uint8Array) return Buffer.from(content).toString()
  try {
    const file = await open(content.path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, content.start)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileSystemError(error, `cannot read '${content.path}'`)
  }
}
