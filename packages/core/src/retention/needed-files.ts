import { resolve } from 'node:path'

import { applicableSteps } from '../applicable-steps.ts'
import { localFiles } from '../component-checks.ts'
import type { BuildId } from '../selection.ts'

/** The files that builds read, so that none of them is removed as an earlier artifact. Absolute. */
export function neededFiles(builds: readonly BuildId[], directory: string): ReadonlySet<string> {
  const components = builds.flatMap(({ image, build }) => {
    const { provisioners, errorCleanup, chains } = applicableSteps(image, build)
    return [
      ...(image.builders[build] ? [image.builders[build]] : []),
      ...[...provisioners, ...errorCleanup, ...chains.flat()].map(({ step }) => step),
    ]
  })
  return new Set(components.flatMap((component) => localFiles(component).inputs.map(({ path }) => resolve(directory, path))))
}
