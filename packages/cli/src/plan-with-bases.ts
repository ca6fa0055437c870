import type { BuildId, Image, Plan, Selection } from '@imago/core'
import { withBases } from '@imago/core'

import type { CoreFunctions } from './core-functions.ts'
import { planImages } from './plan-images.ts'

/**
 * The plans of all that a run builds: the selected builds, and before them those of other images that they start from.
 * @throws ImagoError as {@link planImages}
 */
export function planWithBases(images: readonly Image[], selection: Selection, plan: CoreFunctions['plan']): Plan[] {
  const selected = planImages(images, selection, plan).flatMap(({ image: name, builds }) =>
    images.filter((image) => image.name === name).flatMap((image) => builds.map(({ build }): BuildId => ({ image, build }))),
  )
  const byImage = new Map<Image, string[]>()
  for (const { image, build } of withBases(selected)) byImage.set(image, [...(byImage.get(image) ?? []), build])
  return [...byImage].map(([image, only]) => plan(image, { only }))
}
