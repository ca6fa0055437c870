import { ImagoError } from '@imago/core'

import type { Descriptor, ImageIndex, Platform } from './oci.ts'

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/** Linux on this machine's processor: what images run on that are made here. */
export function localPlatform(): Platform {
  return { os: 'linux', architecture: architectures[process.arch] ?? process.arch }
}

/**
 * Takes `os/architecture` or `os/architecture/variant` apart.
 * @throws ImagoError `DEFINITION_INVALID`
 */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...more] = text.split('/')
  if (!os || !architecture || variant === '' || more.length > 0) {
    throw new ImagoError('DEFINITION_INVALID', `'${text}' is no platform`, { hint: "write it like 'linux/amd64' or 'linux/arm/v7'" })
  }
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

/** `linux/arm64/v8` */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join('/')
}

/** Whether an image for one platform is what was asked for. Without a variant, any will do; the variant v8 of arm64 needs no saying. */
export function isPlatform(found: Platform, asked: Platform): boolean {
  if (found.os !== asked.os || found.architecture !== asked.architecture) return false
  const plain = asked.architecture === 'arm64' ? 'v8' : undefined
  return asked.variant === undefined || (found.variant ?? plain) === asked.variant
}

/**
 * The image for a platform.
 * @throws ImagoError `IMAGE_NOT_FOUND` with the platforms that there are
 */
export function choosePlatform(index: ImageIndex, asked: Platform, image: string): Descriptor {
  const found = index.manifests.find(({ platform }) => platform !== undefined && isPlatform(platform, asked))
  if (found !== undefined) return found
  // Attestations stand in an index as images for an unknown platform.
  const platforms = index.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  )
  throw new ImagoError('IMAGE_NOT_FOUND', `image '${image}' does not exist for ${formatPlatform(asked)}`, {
    hint: platforms.length === 0 ? 'it exists for no platform' : `it exists for ${platforms.join(', ')}`,
  })
}
