import { resolve } from 'node:path'

import type { ArtifactReference, BuildContext, StepContext } from '@imago/core'
import { ImagoError, isArtifactReference } from '@imago/core'
import type { MediaSource } from '@imago/hypervisor'
import { fetchSource, noteSource } from '@imago/hypervisor'

import { guestAdditionsSource } from './guest-additions.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { VirtualBoxApplianceArtifact } from './virtualbox-result.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What a machine starts from, on this machine. Absolute paths. */
export interface Media {
  /** The ISO image or the appliance; a machine of VirtualBox is no file. */
  readonly start: string | undefined
  readonly guestAdditions: string | undefined
}

/** Brings what the options name to this machine. */
export async function fetchMedia(options: AnyOptions, box: VirtualBox, ctx: BuildContext, { signal, emit }: StepContext): Promise<Media> {
  const { directory } = ctx
  const { cacheDirectory, guestAdditions = false } = options
  const fetchOne = async (source: MediaSource): Promise<string> => {
    const cache = cacheDirectory === undefined ? {} : { cacheDirectory: resolve(directory, cacheDirectory) }
    const fetched = await fetchSource(source, { signal, emit, directory, ...cache })
    noteSource(source, fetched, ctx)
    return fetched.path
  }
  const start = options.kind === 'iso' ? options.iso : options.kind === 'ovf' ? options.source : undefined
  const startPath = start === undefined ? undefined : isArtifactReference(start) ? builtAppliance(ctx, start) : await fetchOne(start)
  if (guestAdditions === false) return { start: startPath, guestAdditions: undefined }
  const facts = { buildName: ctx.build, builderType: ctx.builderType, runId: ctx.runId, image: ctx.image }
  const additions = await guestAdditionsSource(guestAdditions, box, { facts, signal })
  return { start: startPath, guestAdditions: await fetchOne(additions) }
}

function builtAppliance(ctx: BuildContext, reference: ArtifactReference<VirtualBoxApplianceArtifact>): string {
  const [file] = ctx.artifact(reference).files
  if (file !== undefined) return file.path
  throw new ImagoError('INPUT_MISSING', `the build '${reference.build}' of image '${reference.image.name}' made no appliance`)
}
