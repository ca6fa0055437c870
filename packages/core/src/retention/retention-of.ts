import { appliesTo } from '../applicable-steps.ts'
import type { Retention } from '../image.ts'
import type { BuildId } from '../selection.ts'

/** What the image says of the earlier artifacts of one of its builds; `undefined` when all of them stay. */
export function retentionOf({ image, build }: BuildId): Retention | undefined {
  return image.retain !== undefined && appliesTo(image.retain, build) ? image.retain : undefined
}
