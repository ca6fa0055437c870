import { access } from 'node:fs/promises'
import { resolve } from 'node:path'

import { applicableSteps } from '../applicable-steps.ts'
import { localFiles } from '../component-checks.ts'
import type { LookupContext } from '../context.ts'
import type { MadeArtifact } from '../post-processing.ts'
import type { BuildId } from '../selection.ts'
import type { BuildRecord, KeptArtifact } from './cache-store.ts'
import { areKept, keepFiles } from './kept-files.ts'

/** What a build left, with what tells later whether it is still the same. */
export async function keepArtifacts(artifacts: readonly MadeArtifact[]): Promise<readonly KeptArtifact[]> {
  return await Promise.all(artifacts.map(async (made) => ({ ...made, files: await keepFiles(made.artifact.files ?? []) })))
}

/** Whether all that a build left is still there, unchanged. What nobody can tell of counts as gone. */
export async function hasArtifacts({ artifacts }: BuildRecord, id: BuildId, lookup: LookupContext): Promise<boolean> {
  for (const kept of artifacts) {
    if (!(await hasArtifact(kept, id, lookup))) return false
  }
  return await hasOutputs(id, lookup)
}

async function hasArtifact({ maker, artifact, files }: KeptArtifact, id: BuildId, lookup: LookupContext): Promise<boolean> {
  const { image, build } = id
  const step = applicableSteps(image, build)
    .chains.flat()
    .find(({ ref }) => ref.id === maker)?.step
  const component = maker === 'builder' ? image.builders[build] : step
  if (files.length > 0) return await areKept(files, lookup.signal)
  return (await component?.hasArtifact?.(artifact, lookup)) === true
}

/** Whether what the post-processors write beside their artifacts is there: a manifest. */
async function hasOutputs({ image, build }: BuildId, { directory }: LookupContext): Promise<boolean> {
  const steps = applicableSteps(image, build).chains.flat()
  const paths = steps.flatMap(({ step }) => localFiles(step).outputs.map(({ path }) => resolve(directory, path)))
  const there = await Promise.all(paths.map(async (path) => await access(path).then(() => true, () => false))) // prettier-ignore
  return there.every(Boolean)
}
