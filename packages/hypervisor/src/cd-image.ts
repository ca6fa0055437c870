import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { fileSystemError, ImagoError, runLocal } from '@imago/core'

import { isoTool } from './iso-tool.ts'
import type { MediumContent, MediumEntry } from './medium-entries.ts'
import { mediumEntries } from './medium-entries.ts'

/** What a CD image is made of. */
export interface CdImageOptions extends MediumContent {
  /** The name of the volume, up to 16 letters, digits, `-` and `_`. @default imago */
  readonly label?: string
  /** Absolute path of the image to write, in a folder for temporary files. */
  readonly path: string
  readonly signal: AbortSignal
}

/**
 * Makes a CD image (ISO 9660 with Joliet and Rock Ridge) with the first of xorriso, genisoimage, mkisofs and macOS's hdiutil that is there.
 * @returns its path
 * @throws ImagoError `TOOL_MISSING` when none of them is there, `COMMAND_FAILED` with the program's own words, `INPUT_MISSING`, `DISK_FULL`,
 * `OUTPUT_UNWRITABLE`, or as the signal says
 * @example await cdImage({ content: noCloudFiles({ userData, metaData }), label: noCloudLabel, path, directory, signal })
 */
export async function cdImage({ label = 'imago', path, signal, ...medium }: CdImageOptions): Promise<string> {
  const entries = await mediumEntries(medium)
  const tool = await isoTool(signal)
  const staging = `${path}.${randomUUID()}`
  try {
    await mkdir(staging)
    await stage(entries, join(staging, 'root'))
    const unfinished = join(staging, 'image.iso') // hdiutil would add the ending to another name
    await runTool(tool.command({ root: join(staging, 'root'), path: unfinished, label }), signal)
    await rename(unfinished, path)
    return path
  } catch (error) {
    throw fileSystemError(error, `cannot make the CD image '${path}'`)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Copies of the files, links followed, as some of the tools take nothing else; a clone where the file system can. */
async function stage(entries: readonly MediumEntry[], root: string): Promise<void> {
  await mkdir(root)
  for (const entry of entries) {
    const target = join(root, entry.path)
    await mkdir(entry.kind === 'directory' ? target : dirname(target), { recursive: true })
    if (entry.kind === 'text') await writeFile(target, entry.text)
    if (entry.kind === 'file') await copyFile(entry.source, target, constants.COPYFILE_FICLONE)
  }
}

async function runTool(command: readonly string[], signal: AbortSignal): Promise<void> {
  let words = ''
  const onOutput = (_: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    words = `${words}${Buffer.from(chunk).toString()}`.slice(-2000)
  }
  const { exitCode } = await runLocal({ command, signal, onOutput })
  if (exitCode !== 0) {
    if (/no space left|exceeds free space/i.test(words))
      throw new ImagoError('DISK_FULL', 'no space left on the disk for a CD image', { hint: 'free some space' })
    throw new ImagoError('COMMAND_FAILED', `'${command[0] ?? ''}' cannot make the CD image: ${words.trim()}`, { exitCode })
  }
}
