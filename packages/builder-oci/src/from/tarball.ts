import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { abortError, fileSystemError, ImagoError, isImagoError, messageOf } from '@imago/core'

import { compressionOf, readDecompressed } from '../archive/decompress.ts'
import { DigestMeter } from '../archive/digest.ts'
import type { LayerFile } from '../archive/layer-file.ts'
import { writeLayerFile } from '../archive/layer-file.ts'
import { mediaTypes } from '../archive/media-types.ts'
import type { Base, BaseContext } from './base.ts'

/** What {@link tarball} takes: a file of this machine, or one from the network. */
export type TarballOptions =
  | {
      /** Relative to the definition's folder. */
      readonly path: string
      readonly url?: never
      /** The file's SHA-256 in hex. @default not checked */
      readonly sha256?: string
    }
  | {
      readonly url: string
      readonly path?: never
      /** The file's SHA-256 in hex. */
      readonly sha256: string
    }

/** A file system in a tar archive as a base. */
export type TarballSource = { readonly kind: 'tarball' } & TarballOptions

/**
 * Starts from a file system in a tar archive: plain, gzip, zstd (by the program `zstd` before Node 22.15) or xz (by the program `xz`).
 * What comes from the network must have its checksum. The archive becomes the image's first layer as it is.
 *
 * Fails with `INPUT_MISSING`, `NETWORK`, `CHECKSUM_MISMATCH`, `TRANSFER_FAILED` for what is no archive, `TOOL_MISSING`.
 * @example oci({ from: tarball({ path: 'rootfs.tar.gz' }) })
 */
export function tarball(options: TarballOptions): TarballSource {
  return { kind: 'tarball', ...options }
}

/** Fetches and checks the archive, makes a layer of it, and unpacks it. */
export async function tarballBase(source: TarballSource, context: BaseContext): Promise<Base> {
  const path = source.url === undefined ? resolve(context.build.directory, source.path) : await download(source.url, context)
  const name = source.url ?? path
  const sha256 = await checksumOf(path, name)
  if (source.sha256 !== undefined && sha256 !== source.sha256.toLowerCase()) {
    throw new ImagoError('CHECKSUM_MISMATCH', `'${name}' should have the SHA-256 ${source.sha256} and has ${sha256}`, {
      hint: 'if the file is meant to have changed, change the checksum in the definition',
    })
  }
  const layer = await layerOf(path, sha256, context)
  const material = source.url === undefined ? { name: source.path, digest: { sha256 } } : { uri: name, digest: { sha256 } }
  return { name, layers: [layer], origin: `file system from sha256:${sha256}`, material }
}

async function layerOf(path: string, sha256: string, context: BaseContext): Promise<LayerFile> {
  const { root, step, directory, compression } = context
  const { signal } = step
  if ((await compressionOf(path)) === compression) {
    const { diffId } = await root.tree.applyLayer({ path, whiteouts: false }, { signal })
    const mediaType = compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layer
    return { path, mediaType, digest: `sha256:${sha256}`, size: (await stat(path)).size, diffId }
  }
  const layer = await writeLayerFile(await readDecompressed(path, signal), { path: join(directory, 'base.layer'), compression, signal })
  await root.tree.applyLayer({ path: layer.path, whiteouts: false }, { signal })
  return layer
}

async function checksumOf(path: string, name: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer) // no encoding is set
    return hash.digest('hex')
  } catch (error) {
    throw fileSystemError(error, `cannot read '${name}'`)
  }
}

async function download(url: string, { step, directory }: BaseContext): Promise<string> {
  const path = join(directory, 'download')
  try {
    const response = await fetch(url, { signal: step.signal })
    if (!response.ok || response.body === null)
      throw new ImagoError('NETWORK', `'${url}' answered ${response.status} ${response.statusText}`)
    const total = Number(response.headers.get('content-length')) || undefined
    const meter = new DigestMeter()
    const counted = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of meter.through(Readable.fromWeb(response.body as never))) {
        step.emit({ type: 'progress', task: 'download', done: meter.size, unit: 'bytes', ...(total !== undefined && { total }) })
        yield chunk
      }
    }
    await pipeline(counted(), createWriteStream(path, { flags: 'wx' }), { signal: step.signal })
    return path
  } catch (error) {
    throw downloadError(error, url, step.signal)
  }
}

function downloadError(error: unknown, url: string, signal: AbortSignal): unknown {
  if (signal.aborted) return abortError(signal)
  if (isImagoError(error)) return error
  const wrapped = fileSystemError(error, `cannot store '${url}'`)
  if (wrapped !== error) return wrapped
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error // fetch() says only that it failed
  return new ImagoError('NETWORK', `cannot fetch '${url}': ${messageOf(cause)}`, {
    cause: error,
    hint: 'check the address and the network',
  })
}
