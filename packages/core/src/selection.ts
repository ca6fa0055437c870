import { nameHint } from './did-you-mean.ts'
import type { Image } from './image.ts'
import type { Issue } from './issue.ts'
import type { Selection } from './run-options.ts'

/** One build of one image. */
export interface BuildId {
  readonly image: Image
  readonly build: string
}

/** The name by which one of several images' builds is known: `image.build`. */
export function qualifiedName({ image, build }: BuildId): string {
  return `${image.name}.${build}`
}

/** The builds that a selection takes, in the order of the definitions, and what is wrong with the selection. */
export function selectBuilds(
  images: readonly Image[],
  selection: Selection,
): { readonly builds: readonly BuildId[]; readonly issues: readonly Issue[] } {
  const all = images.flatMap((image) => Object.keys(image.builders).map((build) => ({ image, build })))
  const issues = [...unknownPatterns('only', selection.only, all), ...unknownPatterns('except', selection.except, all)]
  const builds = all.filter(
    (id) =>
      (selection.only === undefined || selection.only.some((pattern) => matches(pattern, id))) &&
      !selection.except?.some((pattern) => matches(pattern, id)),
  )
  if (issues.length === 0 && builds.length === 0 && all.length > 0)
    issues.push({ path: [], message: 'the selection leaves nothing to build' })
  return { builds, issues }
}

function unknownPatterns(option: 'only' | 'except', patterns: readonly string[] | undefined, all: readonly BuildId[]): Issue[] {
  const names = [...new Set(all.map(({ build }) => build))]
  return (patterns ?? [])
    .filter((pattern) => !all.some((id) => matches(pattern, id)))
    .map((pattern) => ({ path: [option], message: `no build is called '${pattern}'`, hint: nameHint(pattern, names) }))
}

function matches(pattern: string, id: BuildId): boolean {
  const expression = new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)
  return expression.test(id.build) || expression.test(qualifiedName(id))
}
