import { createWriteStream } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { Descriptor, ImageManifest, OciImageConfig, Platform } from '@imago/container-registry'
import { formatPlatform, localPlatform } from '@imago/container-registry'
import { fileSystemError, ImagoError, systemCode } from '@imago/core'
import { readEntries } from '@imago/tar'

import { readDecompressed } from './decompress.ts'
import { digestOf } from './digest.ts'
import type { ImageIndex } from './documents.ts'
import { documents } from './documents.ts'
import type { LayerFile } from './layer-file.ts'
import { mediaTypes, ociLayerType } from './media-types.ts'

/** Which image to read, and from where. */
export interface ReadLayoutOptions {
  /** A file or a folder, absolute. */
  readonly path: string
  /** An empty folder, absolute, for the content of an archive. */
  readonly directory: string
  /** @default the only one; else Linux on this machine's processor */
  readonly platform?: Platform | undefined
  readonly signal: AbortSignal
}

/** An image of a layout. */
export interface LayoutImage {
  readonly digest: string
  readonly config: OciImageConfig
  /** The lowest first. Their digests have not been verified. */
  readonly layers: readonly LayerFile[]
}

const indexTypes: readonly string[] = [mediaTypes.index, 'application/vnd.docker.distribution.manifest.list.v2+json']

/**
 * Reads an image from an OCI image layout (OCI image specification, image-layout.md): a folder, or a tar archive of one.
 * @throws ImagoError `INPUT_MISSING`; `UNSUPPORTED` for what is no layout; `IMAGE_NOT_FOUND` when it has none for the platform;
 * `CHECKSUM_MISMATCH`
 */
export async function readLayout(options: ReadLayoutOptions): Promise<LayoutImage> {
  const { path } = options
  const stats = await stat(path).catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${path}'`)
  })
  const folder = stats.isDirectory() ? path : await extractLayout(options)
  const layout = new Layout(folder, path)
  const manifest = await layout.choose(await layout.index(), options.platform)
  const config = documents.config(await layout.read(manifest.document.config), `the configuration in '${path}'`)
  const layers = manifest.document.layers.map(({ mediaType, digest, size }, index): LayerFile => ({
    path: layout.blobPath(digest),
    mediaType: ociLayerType(mediaType),
    digest,
    size,
    diffId: config.rootfs.diff_ids[index] ?? '',
  }))
  return { digest: manifest.digest, config, layers }
}

/** Takes the blobs out of an archive. Names are checked, so that nothing else is written. */
async function extractLayout({ path, directory, signal }: ReadLayoutOptions): Promise<string> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
  for await (const entry of readEntries(await readDecompressed(path, signal), { signal })) {
    const name = entry.name.toString().replace(/^\.\//, '')
    if (entry.type !== 'file' || !/^(?:index\.json|blobs\/sha256\/[a-f0-9]{64})$/.test(name)) continue
    const content = entry.content instanceof Uint8Array ? [entry.content] : entry.content
    await pipeline(content, createWriteStream(join(directory, name), { flags: 'w' }), { signal })
  }
  return directory
}

interface ChosenManifest {
  readonly digest: string
  readonly document: ImageManifest
}

/** The files of a layout. */
class Layout {
  readonly #folder: string
  /** What the user calls it. */
  readonly #name: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
  }

  blobPath(digest: string): string {
    return join(this.#folder, 'blobs', 'sha256', digest.replace(/^sha256:/, ''))
  }

  async index(): Promise<ImageIndex> {
    try {
      return documents.index(await readFile(join(this.#folder, 'index.json')), `index.json of '${this.#name}'`)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      throw new ImagoError('UNSUPPORTED', `'${this.#name}' is no OCI image layout: it has no index.json`, {
        cause: error,
        hint: "convert an archive of 'docker save' with 'skopeo copy docker-archive:in.tar oci-archive:out.tar'",
      })
    }
  }

  /** A blob's bytes, verified. */
  async read({ digest }: Descriptor): Promise<Buffer> {
    const bytes = await readFile(this.blobPath(digest)).catch((error: unknown) => {
      throw new ImagoError('UNSUPPORTED', `'${this.#name}' lacks the blob ${digest}`, { cause: error })
    })
    const actual = digestOf(bytes)
    if (actual === digest) return bytes
    throw new ImagoError('CHECKSUM_MISMATCH', `the blob ${digest} of '${this.#name}' has the digest ${actual}`)
  }

  /** The manifest of the only image, or of the one for the platform; indexes in the index are gone through. */
  async choose(index: ImageIndex, platform: Platform | undefined): Promise<ChosenManifest> {
    const wanted = platform ?? localPlatform()
    const [only, ...others] = index.manifests
    const match = index.manifests.find((candidate) => candidate.platform !== undefined && isFor(candidate.platform, wanted))
    const chosen = others.length === 0 && (platform === undefined || only?.platform === undefined) ? only : match
    if (chosen === undefined) {
      const known = index.manifests.flatMap((each) => (each.platform === undefined ? [] : [formatPlatform(each.platform)]))
      throw new ImagoError('IMAGE_NOT_FOUND', `'${this.#name}' has no image for ${formatPlatform(wanted)}`, {
        ...(known.length > 0 && { hint: `it has images for ${known.join(', ')}` }),
      })
    }
    const bytes = await this.read(chosen)
    if (indexTypes.includes(chosen.mediaType)) return this.choose(documents.index(bytes, `an index of '${this.#name}'`), platform)
    return { digest: chosen.digest, document: documents.manifest(bytes, `the manifest of '${this.#name}'`) }
  }
}

function isFor(platform: Platform, wanted: Platform): boolean {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false
  return wanted.variant === undefined || platform.variant === wanted.variant
}
