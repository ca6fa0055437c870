import type { BuildContext } from '@imago/core'

import type { StartImage } from './start-image.ts'

/**
 * An engine gives an image all labels of the container that it is made from. Emptied they mean nothing, while with their values they
 * would make `imago sweep` take the image's own containers for what a run has left.
 */
export function hiddenLabels(start: StartImage, ctx: BuildContext): Record<string, string> {
  return Object.fromEntries(Object.keys(ctx.labels).map((name) => [name, start.details.config.labels?.[name] ?? '']))
}
