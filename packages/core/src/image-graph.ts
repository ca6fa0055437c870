import { referencesIn } from './definition-values.ts'
import type { BuildId } from './selection.ts'

/** The builds of other images that a build starts from. */
export function basesOf({ image, build }: BuildId): BuildId[] {
  return referencesIn(image.builders[build]?.options).map((reference) => ({ image: reference.image, build: reference.build }))
}

/** The builds with all that they start from, directly or not; each once, bases first. A reference needs its image to exist, so there are no cycles. */
export function withBases(builds: readonly BuildId[]): BuildId[] {
  const ordered: BuildId[] = []
  const visit = (id: BuildId): void => {
    if (ordered.some((known) => known.image === id.image && known.build === id.build)) return
    for (const base of basesOf(id)) visit(base)
    ordered.push(id)
  }
  for (const id of builds) visit(id)
  return ordered
}
