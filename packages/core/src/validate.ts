import { resolve } from 'node:path'

import { checkFiles } from './check-files.ts'
import { checkImage } from './check-image.ts'
import { checkShape } from './check-shape.ts'
import { redactorFor } from './definition-secrets.ts'
import type { Image } from './image.ts'
import { withBases } from './image-graph.ts'
import type { Issue } from './issue.ts'
import { prefixIssues } from './issue.ts'
import { listOf } from './one-or-many.ts'
import type { Selection } from './run-options.ts'
import type { BuildId } from './selection.ts'
import { qualifiedName, selectBuilds } from './selection.ts'

/**
 * Every problem of the definitions at once: names, wiring, options, and local files that are missing or cannot be written.
 * Nothing is started or changed, and secrets are masked. Paths begin with the image's name when there are several images.
 */
export async function validate(
  images: Image | readonly Image[],
  options: Selection & { readonly directory?: string } = {},
): Promise<readonly Issue[]> {
  const list = listOf(images)
  const misshapen = list.flatMap((image, index) => prefixIssues(list.length === 1 ? [] : [index], checkShape(image)))
  if (misshapen.length > 0) return misshapen
  const { builds, issues } = selectBuilds(list, options)
  const selected = withBases(builds)
  const involved = involvedImages(list, selected)
  const found = involved.map(async (image) =>
    locateIssues(image, involved, [
      ...checkImage(image),
      ...(await checkFiles(
        selected.filter((id) => id.image === image),
        resolve(options.directory ?? '.'),
      )),
    ]),
  )
  const all = [...issues, ...checkImageNames(involved), ...checkBuildNames(selected), ...(await Promise.all(found)).flat()]
  return redactorFor(involved).value(all)
}

/** The images that were given, and those that their selected builds start from. */
export function involvedImages(given: readonly Image[], selected: readonly BuildId[]): readonly Image[] {
  return [...new Set([...given, ...selected.map(({ image }) => image)])]
}

/** Issues of one image, with its name before each path when several images are involved. */
export function locateIssues(image: Image, involved: readonly Image[], found: readonly Issue[]): Issue[] {
  return involved.length === 1 ? [...found] : prefixIssues([image.name], found)
}

/** Names may hold dots, so that two builds of different images can have the same name in full; folders and resources are called by it. */
function checkBuildNames(builds: readonly BuildId[]): Issue[] {
  return builds.flatMap((id, index) => {
    const other = builds
      .slice(0, index)
      .find((before) => before.image.name !== id.image.name && qualifiedName(before) === qualifiedName(id))
    if (other === undefined) return []
    const message = `two builds are called '${qualifiedName(id)}': '${id.build}' of this image and '${other.build}' of '${other.image.name}'`
    return [{ path: [id.image.name, 'builders', id.build], message, hint: 'rename one' }]
  })
}

function checkImageNames(images: readonly Image[]): Issue[] {
  const names = images.map(({ name }) => name)
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [...twice].map((name) => ({
    path: [name, 'name'],
    message: `two different images are called '${name}'`,
    hint: 'give each a name of its own',
  }))
}
