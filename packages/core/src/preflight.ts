import { resolve } from 'node:path'

import { appliesTo } from './applicable-steps.ts'
import type { Builder, Provisioner } from './component.ts'
import type { PreflightContext } from './context.ts'
import { errorToJson } from './error.ts'
import type { Image } from './image.ts'
import { withBases } from './image-graph.ts'
import type { Issue } from './issue.ts'
import { prefixIssues } from './issue.ts'
import { redactorFor } from './definition-secrets.ts'
import { listOf } from './one-or-many.ts'
import type { Selection } from './run-options.ts'
import type { BuildId } from './selection.ts'
import { selectBuilds } from './selection.ts'
import { involvedImages, locateIssues } from './validate.ts'

/**
 * What the selected builders, and the provisioners of their builds, find when they look at the outside world: an engine that does not
 * answer, an image that does not exist, a playbook that cannot be read. Changes nothing. The definitions must have passed `validate`.
 */
export async function preflight(
  images: Image | readonly Image[],
  options: Selection & { readonly directory?: string; readonly signal?: AbortSignal } = {},
): Promise<readonly Issue[]> {
  const list = listOf(images)
  const { builds, issues } = selectBuilds(list, options)
  const selected = withBases(builds)
  const involved = involvedImages(list, selected)
  const context = { directory: resolve(options.directory ?? '.'), signal: options.signal ?? new AbortController().signal }
  const looks = [...selected.map(lookOfBuilder), ...looksOfProvisioners(selected)]
  const found = await Promise.all(looks.map(async (look) => locateIssues(look.image, involved, await lookAt(look, context))))
  return redactorFor(involved).value([...issues, ...found.flat()])
}

/** A component that looks at the outside world, and where it stands. */
interface Look {
  readonly image: Image
  readonly path: Issue['path']
  readonly component: Pick<Builder | Provisioner, 'preflight'> | undefined
}

function lookOfBuilder({ image, build }: BuildId): Look {
  return { image, path: ['builders', build], component: image.builders[build] }
}

/** Each provisioner looks once, however many builds it applies to. */
function looksOfProvisioners(selected: readonly BuildId[]): Look[] {
  return [...new Set(selected.map(({ image }) => image))].flatMap((image) => {
    const builds = selected.filter((id) => id.image === image).map(({ build }) => build)
    return (['provisioners', 'errorCleanup'] as const).flatMap((list) =>
      image[list].flatMap((component, index) =>
        builds.some((build) => appliesTo(component, build)) ? [{ image, path: [list, index], component }] : [],
      ),
    )
  })
}

async function lookAt({ path, component }: Look, context: PreflightContext): Promise<Issue[]> {
  try {
    return prefixIssues(path, (await component?.preflight?.(context)) ?? [])
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return [{ path, message, ...(hint !== undefined && { hint }) }]
  }
}
