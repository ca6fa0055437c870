import { createHash } from 'node:crypto'

import type { Descriptor, ImageManifest, OciImageConfig, Platform } from '@imago/container-registry'
import { formatImageReference, parseImageReference } from '@imago/container-registry'
import type { Resources } from '@imago/core'
import { ImagoError, writeOutputFile } from '@imago/core'
import type { TarEntry } from '@imago/tar'
import { packEntries } from '@imago/tar'

import { contentOf } from '../tree/file-content.ts'
import { digestOf } from './digest.ts'
import type { LayerFile } from './layer-file.ts'
import { mediaTypes } from './media-types.ts'

/** An image to write. */
export interface ArchiveRequest {
  /** Absolute. */
  readonly path: string
  readonly config: OciImageConfig
  /** The lowest first. */
  readonly layers: readonly LayerFile[]
  /** The image's name: `cow:1.0`. */
  readonly tag?: string | undefined
  /** Seconds since 1970. */
  readonly epoch: number
  readonly resources: Resources
  readonly signal: AbortSignal
  /** Called with the bytes written so far. */
  readonly onProgress: (bytes: number) => void
}

/** An image that was written. */
export interface WrittenArchive {
  /** Of the manifest. */
  readonly digest: string
  /** Of the configuration. */
  readonly imageId: string
  /** Bytes of the file. */
  readonly size: number
  /** Of the file, in hex. */
  readonly sha256: string
}

/**
 * Writes an image as one tar archive: an OCI image layout (OCI image specification, image-layout.md), and beside it the `manifest.json`
 * that `docker load` of older engines reads. It comes under a temporary name and is renamed when it is whole.
 * @throws ImagoError `DISK_FULL`, `OUTPUT_UNWRITABLE`, `CHECKSUM_MISMATCH` when a layer is not what it was
 */
export async function writeArchive(request: ArchiveRequest): Promise<WrittenArchive> {
  const { path, layers, signal, resources } = request
  const config = blobOf(mediaTypes.config, request.config)
  const manifest = blobOf(mediaTypes.manifest, manifestOf(config.descriptor, layers))
  const tar = packEntries(entriesOf([config, manifest], request), { signal, onContent: request.onProgress })
  const { size, sha256 } = await writeOutputFile(path, tar, { resources, signal })
  return { digest: manifest.descriptor.digest, imageId: config.descriptor.digest, size, sha256 }
}

/** A small document of the image. */
interface DocumentBlob {
  readonly descriptor: Descriptor
  readonly bytes: Buffer
}

function blobOf(mediaType: string, document: object): DocumentBlob {
  const bytes = Buffer.from(JSON.stringify(document))
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } }
}

function manifestOf(config: Descriptor, layers: readonly LayerFile[]): ImageManifest {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }
}

async function* entriesOf(
  documents: readonly [config: DocumentBlob, manifest: DocumentBlob],
  request: ArchiveRequest,
): AsyncGenerator<TarEntry, void, undefined> {
  const { layers, epoch } = request
  const [config, manifest] = documents
  const base = { mode: 0o644, uid: 0, gid: 0, mtime: epoch }
  const file = (name: string, bytes: Uint8Array): TarEntry => ({ ...base, type: 'file', name, size: bytes.length, content: bytes })
  const json = (name: string, document: unknown): TarEntry => file(name, Buffer.from(JSON.stringify(document)))
  yield json('oci-layout', { imageLayoutVersion: '1.0.0' })
  yield json('index.json', indexOf(manifest.descriptor, request))
  yield json('manifest.json', [dockerManifest(config.descriptor, request)])
  for (const name of ['blobs', 'blobs/sha256']) yield { ...base, mode: 0o755, type: 'directory', name }
  for (const { descriptor, bytes } of documents) yield file(blobName(descriptor.digest), bytes)
  for (const layer of new Map(layers.map((each) => [each.digest, each])).values()) {
    yield { ...base, type: 'file', name: blobName(layer.digest), size: layer.size, content: checkedContent(layer) }
  }
}

function indexOf(manifest: Descriptor, { config, tag }: ArchiveRequest): object {
  const { os, architecture, variant } = config
  const platform: Platform = { architecture, os, ...(variant !== undefined && { variant }) }
  const annotations = tag === undefined ? undefined : namesOf(tag)
  return { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [{ ...manifest, platform, ...(annotations && { annotations }) }] }
}

/** The image's name as `skopeo` and `podman` read it, and as containerd does. */
function namesOf(tag: string): Record<string, string> {
  return { 'io.containerd.image.name': formatImageReference(parseImageReference(tag)), 'org.opencontainers.image.ref.name': tag }
}

/** The entry of `manifest.json`, see the archives that `docker save` writes. */
function dockerManifest(config: Descriptor, { layers, tag }: ArchiveRequest): object {
  return {
    Config: blobName(config.digest),
    RepoTags: tag === undefined ? null : [dockerName(tag)],
    Layers: layers.map(({ digest }) => blobName(digest)),
  }
}

function dockerName(tag: string): string {
  const full = formatImageReference(parseImageReference(tag))
  return full.replace(/^docker\.io\/(?:library\/)?/, '')
}

function blobName(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`
}

/** A layer's bytes, which must still be what its digest says. */
async function* checkedContent(layer: LayerFile): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  const content = contentOf(Buffer.from(layer.path), layer.size)
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    hash.update(chunk)
    yield chunk
  }
  const actual = `sha256:${hash.digest('hex')}`
  if (actual !== layer.digest) {
    throw new ImagoError('CHECKSUM_MISMATCH', `the layer '${layer.path}' should have the digest ${layer.digest} and has ${actual}`)
  }
}
