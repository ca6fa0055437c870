import { resolve } from 'node:path'

import type { LookupContext } from '@imago/core'
import { inputDigest, isArtifactReference } from '@imago/core'
import { parseImageReference } from '@imago/container-registry'

import type { InstalledEntry } from '../tree/tree.ts'
import { hostFiles } from './host-binaries.ts'
import type { OciSource } from './load-base.ts'

/** What determines the base, told without loading it; `undefined` when it must be loaded to know. */
export async function sourceIdentity(source: OciSource, ctx: LookupContext): Promise<object | undefined> {
  const { directory, signal } = ctx
  switch (source.kind) {
    case 'scratch':
      return { scratch: true }
    case 'host-binaries':
      if (process.platform !== 'linux') return undefined
      return {
        files: await Promise.all((await hostFiles(source.commands, signal)).map(async (entry) => await entryIdentity(entry, signal))),
      }
    case 'tarball':
      if (source.sha256 !== undefined) return { sha256: source.sha256 }
      return source.path === undefined
        ? undefined
        : { tarball: await inputDigest(resolve(directory, source.path), { signal, linksOut: 'links' }) }
    case 'oci-archive':
      if (isArtifactReference(source.image)) return { digest: ctx.artifact(source.image).digest }
      return { archive: await inputDigest(resolve(directory, source.image), { signal, linksOut: 'links' }) }
    case 'registry':
      return parseImageReference(source.image).digest === undefined ? undefined : { image: source.image }
    case 'debootstrap':
      break
  }
  return undefined
}

async function entryIdentity(entry: InstalledEntry, signal: AbortSignal): Promise<object> {
  const isOfThisMachine = entry.kind === 'file' && entry.content === undefined
  return { ...entry, ...(isOfThisMachine && { digest: await inputDigest(entry.path, { signal, linksOut: 'links' }) }) }
}
