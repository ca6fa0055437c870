import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { OciImageConfig } from '@imago/container-registry'
import { readEntries } from '@imago/tar'

import { readDecompressed } from '../src/archive/decompress.ts'
import type { LayoutImage } from '../src/archive/layout-reader.ts'
import { readLayout } from '../src/archive/layout-reader.ts'

/** An image, with a line for each entry of its layers: `d 0755 0:0 etc`, `l 0777 0:0 bin -> usr/bin`. */
export interface ArchiveContent {
  readonly digest: string
  readonly config: OciImageConfig
  readonly layerDigests: readonly string[]
  readonly layers: readonly (readonly string[])[]
}

const marks = { file: '-', directory: 'd', symlink: 'l', hardlink: 'h', fifo: 'p', 'character-device': 'c', 'block-device': 'b' } as const

/** Reads an archive as anybody would who gets it. */
export async function archiveContent(path: string): Promise<ArchiveContent> {
  const directory = await mkdtemp(join(tmpdir(), 'imago-oci-read-'))
  try {
    const image = await readLayout({ path, directory, signal: new AbortController().signal })
    const layers = await Promise.all(image.layers.map(linesOf))
    return { digest: image.digest, config: image.config, layerDigests: image.layers.map(({ digest }) => digest), layers }
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function linesOf({ path }: LayoutImage['layers'][number]): Promise<string[]> {
  const lines: string[] = []
  for await (const entry of readEntries(await readDecompressed(path, new AbortController().signal))) {
    const { type, mode, uid, gid } = entry
    const name = Buffer.from(entry.name).toString('latin1').replace(/\/$/, '')
    const target = 'linkName' in entry ? ` -> ${Buffer.from(entry.linkName).toString('latin1')}` : ''
    lines.push(`${marks[type]} ${mode.toString(8).padStart(4, '0')} ${uid}:${gid} ${name}${target}`)
  }
  return lines
}

/** A file of the archive itself, as text. */
export async function archiveFile(path: string, name: string): Promise<string> {
  for await (const entry of readEntries(await readDecompressed(path, new AbortController().signal))) {
    if (entry.name.toString() !== name || entry.type !== 'file') continue
    const chunks: Uint8Array[] = []
    for await (const chunk of entry.content instanceof Uint8Array ? [entry.content] : entry.content) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  throw new Error(`${path} has no ${name}`)
}
