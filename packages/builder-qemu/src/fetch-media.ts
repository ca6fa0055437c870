import { resolve } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import { ImagoError, isArtifactReference } from '@imago/core'
import { fetchSource, noteSource } from '@imago/hypervisor'
import type { MediaSource } from '@imago/hypervisor'

import type { QemuOptions } from './qemu-options.ts'

/** What a machine starts from, on this machine. Absolute paths. */
export interface Media {
  readonly iso?: string
  readonly disk?: string
  readonly extraCds: readonly string[]
}

/** Brings the images to this machine that the options name, one after the other. */
export async function fetchMedia(
  { iso, disk, extraCds = [], cacheDirectory }: QemuOptions,
  ctx: BuildContext,
  { signal, emit }: StepContext,
): Promise<Media> {
  const { directory } = ctx
  const fetchOne = async (source: MediaSource): Promise<string> => {
    const cache = cacheDirectory === undefined ? {} : { cacheDirectory: resolve(directory, cacheDirectory) }
    const fetched = await fetchSource(source, { signal, emit, directory, ...cache })
    noteSource(source, fetched, ctx)
    return fetched.path
  }
  const isoPath = iso === undefined ? undefined : await fetchOne(iso)
  const diskPath = disk === undefined ? undefined : isArtifactReference(disk) ? builtDisk(ctx, disk) : await fetchOne(disk)
  const cds: string[] = []
  for (const cd of extraCds) cds.push(await fetchOne(cd))
  return { ...(isoPath !== undefined && { iso: isoPath }), ...(diskPath !== undefined && { disk: diskPath }), extraCds: cds }
}

function builtDisk(ctx: BuildContext, reference: Extract<QemuOptions['disk'], { readonly kind: string }>): string {
  const [file] = ctx.artifact(reference).files
  if (file !== undefined) return file.path
  throw new ImagoError('INPUT_MISSING', `the build '${reference.build}' of image '${reference.image.name}' made no disk`)
}
