import { readFile, rm, stat, writeFile } from 'node:fs/promises'

import { abortError, fileSystemError, ImagoError } from '@imago/core'

import { fat12Image, floppyCapacity } from './fat12.ts'
import type { MediumContent, MediumEntry } from './medium-entries.ts'
import { mediumEntries } from './medium-entries.ts'

/** What a floppy image is made of. */
export interface FloppyImageOptions extends MediumContent {
  /** The name of the volume, up to 11 letters, digits, blanks, `-` and `_`; in capitals, whatever it says. @default IMAGO */
  readonly label?: string
  /** Absolute path of the image to write, in a folder for temporary files. */
  readonly path: string
  readonly signal: AbortSignal
}

/**
 * Makes an image of a floppy disk of 1.44 MB (FAT12 with long names). The same content gives the same bytes.
 * @returns its path
 * @throws ImagoError `UNSUPPORTED` when the files do not fit, or one has a name that FAT cannot have; `INPUT_MISSING`, `DISK_FULL`,
 * `OUTPUT_UNWRITABLE`, or as the signal says
 * @example await floppyImage({ files: ['autounattend.xml'], path, directory, signal })
 */
export async function floppyImage({ label = 'IMAGO', path, signal, ...medium }: FloppyImageOptions): Promise<string> {
  const root: Tree = new Map()
  let size = 0
  for (const entry of await mediumEntries(medium)) {
    if (signal.aborted) throw abortError(signal)
    const content = await contentOf(entry, floppyCapacity - size)
    size += content?.length ?? 0
    addTo(root, entry.path, content)
  }
  await writeFile(path, fat12Image(root, label)).catch(async (error: unknown) => {
    await rm(path, { force: true })
    throw fileSystemError(error, `cannot write the floppy image '${path}'`)
  })
  return path
}

type Tree = Map<string, Uint8Array | Tree>

/** `undefined` for a directory. */
async function contentOf(entry: MediumEntry, left: number): Promise<Uint8Array | undefined> {
  if (entry.kind === 'directory') return undefined
  if (entry.kind === 'text') return Buffer.from(entry.text)
  const { size } = await stat(entry.source)
  if (size <= left) return await readFile(entry.source)
  throw new ImagoError('UNSUPPORTED', `'${entry.path}' does not fit on a floppy disk: it has ${size} bytes, and ${left} are left`, {
    hint: 'put the files on a CD',
  })
}

function addTo(root: Tree, path: string, content: Uint8Array | undefined): void {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  let directory = root
  for (const part of parts) directory = subdirectory(directory, part, path)
  if (content === undefined) subdirectory(directory, name, path)
  else if (has(directory, name)) throw sameName(path)
  else directory.set(name, content)
}

function subdirectory(directory: Tree, name: string, path: string): Tree {
  const existing = directory.get(name)
  if (existing instanceof Map) return existing
  if (has(directory, name)) throw sameName(path)
  const made: Tree = new Map()
  directory.set(name, made)
  return made
}

/** FAT does not tell capitals from small letters. */
function has(directory: Tree, name: string): boolean {
  return [...directory.keys()].some((other) => other.toLowerCase() === name.toLowerCase())
}

function sameName(path: string): ImagoError {
  return new ImagoError('UNSUPPORTED', `another file on the floppy disk has the name of '${path}'; capitals make no difference there`)
}
