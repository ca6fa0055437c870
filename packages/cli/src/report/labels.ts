import type { BuildRef } from '@imago/core'

import type { StyleName } from './style.ts'

const colors: readonly StyleName[] = ['cyan', 'magenta', 'yellow', 'blue', 'green']

/** What reports call a build, and in which colour. */
export interface Label {
  readonly text: string
  readonly color: StyleName
}

/** The labels of a run's builds by {@link buildKey}: the builds' names, with the images' where one name is not enough. */
export function labelsOf(builds: readonly BuildRef[]): ReadonlyMap<string, Label> {
  const severalImages = new Set(builds.map(({ image }) => image)).size > 1
  return new Map(
    builds.map((ref, index) => [
      buildKey(ref),
      { text: severalImages ? `${ref.image}.${ref.build}` : ref.build, color: colors[index % colors.length] ?? 'cyan' },
    ]),
  )
}

/** What tells the builds of a run apart. */
export function buildKey({ image, build }: { readonly image: string; readonly build: string }): string {
  return JSON.stringify([image, build])
}
