import { resolve } from 'node:path'

import { redactorFor } from '../definition-secrets.ts'
import type { Duration } from '../duration.ts'
import { abortError, definitionError } from '../error.ts'
import type { Image } from '../image.ts'
import { listOf } from '../one-or-many.ts'
import type { Selection } from '../run-options.ts'
import { selectBuilds } from '../selection.ts'
import { validate } from '../validate.ts'
import { ArtifactRecords } from './artifact-records.ts'
import { neededFiles } from './needed-files.ts'
import { retentionOf } from './retention-of.ts'
import type { RetiredArtifact } from './retire.ts'
import { retire } from './retire.ts'

/** How to remove older artifacts. */
export interface RetainOptions extends Selection {
  /** Relative local paths in definitions are relative to this folder. @default the current folder */
  readonly directory?: string
  /** Where runs have noted what they made. @default `.imago` in the current folder */
  readonly stateDirectory?: string
  /** Say what would be removed and remove nothing. @default false */
  readonly dryRun?: boolean
  /** How long removing one of them may take. @default '2m' */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
  /** Told of each one. */
  readonly onArtifact?: (retired: RetiredArtifact) => void
}

/**
 * Removes what earlier runs have made, as the images' `retain` says, without a build. Builds of images that say nothing are passed over.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definitions; what a provider said that could not be asked; `CANCELLED`
 */
export async function retain(images: Image | readonly Image[], options: RetainOptions = {}): Promise<readonly RetiredArtifact[]> {
  const list = listOf(images)
  const issues = await validate(list, options)
  if (issues.length > 0) throw definitionError(list.map(({ name }) => name).join("', '"), issues)
  const { directory = '.', stateDirectory = '.imago', timeout = '2m', dryRun = false, signal = new AbortController().signal } = options
  const { builds } = selectBuilds(list, options)
  const places = { directory: resolve(directory), stateDirectory: resolve(stateDirectory) }
  const shared = {
    ...places,
    records: new ArtifactRecords(stateDirectory),
    needed: neededFiles(builds, places.directory),
    timeout,
    dryRun,
    signal,
  }
  const redactor = redactorFor(list)
  const all: RetiredArtifact[] = []
  for (const id of builds) {
    const retention = retentionOf(id)
    const builder = id.image.builders[id.build]
    if (retention === undefined || builder === undefined) continue
    for await (const retirement of retire({ ...shared, id, builder, last: retention.last })) {
      if (signal.aborted) throw abortError(signal)
      const retired = redactor.value({ image: id.image.name, build: id.build, ...retirement })
      all.push(retired)
      options.onArtifact?.(retired)
    }
  }
  return all
}
