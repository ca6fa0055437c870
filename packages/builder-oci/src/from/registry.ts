import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { Descriptor, Registry } from '@imago/container-registry'
import {
  formatImageReference,
  formatPlatform,
  imagePackageUrl,
  openRegistry,
  parseImageReference,
  registryCredentials,
} from '@imago/container-registry'
import type { Secret } from '@imago/core'
import { abortError, digestOf, fileSystemError, reveal } from '@imago/core'

import type { LayerFile } from '../archive/layer-file.ts'
import { ociLayerType } from '../archive/media-types.ts'
import type { Base, BaseContext } from './base.ts'
import { installLayers } from './install-layers.ts'

/** How {@link registry} fetches. */
export interface RegistryOptions {
  /** Plain HTTP. @default true for this machine (`localhost`, `127.…`), false for all others */
  readonly insecure?: boolean
  /** @default what `docker login` or `podman login` left */
  readonly login?: { readonly username: string; readonly password: string | Secret }
}

/** An image of a registry as a base. */
export interface RegistrySource extends RegistryOptions {
  readonly kind: 'registry'
  readonly image: string
}

/**
 * Starts from an image of a registry, for the build's platform. Every digest is verified; the layers become part of the new image byte
 * for byte.
 *
 * Fails with `IMAGE_NOT_FOUND`, `AUTHENTICATION_FAILED`, `NETWORK`, `CHECKSUM_MISMATCH`.
 * @example oci({ from: registry('debian:12') })
 */
export function registry(image: string, options: RegistryOptions = {}): RegistrySource {
  return { kind: 'registry', image, ...options }
}

/** Fetches an image's layers and unpacks them. */
export async function registryBase(source: RegistrySource, context: BaseContext): Promise<Base> {
  const { signal } = context.step
  const reference = parseImageReference(source.image)
  const { login } = source
  const credentials = login ?? (await registryCredentials(reference.registry, { signal }))
  if (login !== undefined) context.build.maskSecret(reveal(login.password))
  const opened = openRegistry(reference, {
    signal,
    ...(credentials !== undefined && { credentials }),
    ...(source.insecure !== undefined && { insecure: source.insecure }),
  })
  const platform = context.platform === undefined ? {} : { platform: formatPlatform(context.platform) }
  const { manifest, config, descriptor } = await opened.manifest(platform)
  const layers = await fetchLayers(opened, manifest.layers, config.rootfs.diff_ids, context)
  await installLayers(layers, context)
  const name = formatImageReference(reference)
  const material = { name, uri: imagePackageUrl(reference), ...digestOf(descriptor.digest) }
  return { name: `${name} (${descriptor.digest})`, config, layers, material }
}

async function fetchLayers(
  opened: Registry,
  descriptors: readonly Descriptor[],
  diffIds: readonly string[],
  context: BaseContext,
): Promise<LayerFile[]> {
  const folder = join(context.directory, 'blobs')
  await mkdir(folder)
  const abort = new AbortController()
  const signal = AbortSignal.any([context.step.signal, abort.signal])
  const fetches = descriptors.map(async (descriptor, index): Promise<LayerFile> => {
    const { digest, size } = descriptor
    const path = join(folder, `${index}`)
    await fetchBlob(opened, descriptor, path, context, signal)
    return { path, mediaType: ociLayerType(descriptor.mediaType), digest, size, diffId: diffIds[index] ?? '' }
  })
  try {
    return await Promise.all(fetches)
  } catch (error) {
    abort.abort() // the others are of no use any more
    await Promise.allSettled(fetches)
    throw error
  }
}

async function fetchBlob(opened: Registry, descriptor: Descriptor, path: string, context: BaseContext, signal: AbortSignal): Promise<void> {
  const { digest, size } = descriptor
  const { emit } = context.step
  const task = `fetch ${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`
  const onProgress = ({ bytes }: { readonly bytes: number }): void =>
    emit({ type: 'progress', task, done: bytes, total: size, unit: 'bytes' })
  try {
    await pipeline(opened.blob(descriptor, { signal, onProgress }), createWriteStream(path, { flags: 'wx' }), { signal })
  } catch (error) {
    throw signal.aborted ? abortError(signal) : fileSystemError(error, `cannot write layer ${digest}`)
  }
}
