import { resolve } from 'node:path'

import { checkFiles } from './check-files.ts'
import { checkImage } from './check-image.ts'
import type { Image } from './image.ts'
import { withBases } from './image-graph.ts'
import type { Issue } from './issue.ts'
import { prefixIssues } from './issue.ts'
import type { Selection } from './run-options.ts'
import { selectBuilds } from './selection.ts'

/**
 * Every problem of the definitions at once: names, wiring, options, and local files that are missing or cannot be written.
 * Nothing is started or changed. Paths begin with the image's name when there are several images.
 */
export async function validate(
  images: Image | readonly Image[],
  options: Selection & { readonly directory?: string } = {},
): Promise<readonly Issue[]> {
  const list: readonly Image[] = 'kind' in images ? [images] : images
  const { builds, issues } = selectBuilds(list, options)
  const selected = withBases(builds)
  const involved = [...new Set([...list, ...selected.map(({ image }) => image)])]
  const locate = (image: Image, found: readonly Issue[]): Issue[] =>
    involved.length === 1 ? [...found] : prefixIssues([image.name], found)
  const files = involved.map(async (image) =>
    locate(image, [
      ...checkImage(image),
      ...(await checkFiles(
        selected.filter((id) => id.image === image),
        resolve(options.directory ?? '.'),
      )),
    ]),
  )
  return [...issues, ...checkImageNames(involved), ...(await Promise.all(files)).flat()]
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
