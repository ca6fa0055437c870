import { resolve } from 'node:path'

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
 * What the selected builders find when they look at the outside world: an engine that does not answer, an image that does not exist. Changes
 * nothing. The definitions must have passed `validate`.
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
  const found = await Promise.all(selected.map(async (id) => locateIssues(id.image, involved, await lookAt(id, context))))
  return redactorFor(involved).value([...issues, ...found.flat()])
}

async function lookAt({ image, build }: BuildId, context: PreflightContext): Promise<Issue[]> {
  const path = ['builders', build]
  try {
    return prefixIssues(path, (await image.builders[build]?.preflight?.(context)) ?? [])
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return [{ path, message, ...(hint !== undefined && { hint }) }]
  }
}
