import type { Image, Plan, Selection } from '@imago/core'
import { plan } from '@imago/core'

/**
 * What a run would do, for snapshots. Pure: it needs no provider, and is the same every time.
 * @throws ImagoError `DEFINITION_INVALID` when the selection names no build of the image.
 * @example expect(planOf(image)).toMatchSnapshot()
 */
export function planOf(image: Image, selection: Selection = {}): Plan {
  return plan(image, selection)
}
