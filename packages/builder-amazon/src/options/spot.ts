import * as v from 'valibot'

import type { TagOptions } from './text.ts'
import { tagsSchema } from './text.ts'

/** Use capacity that nobody else wants at the moment, at a lower price; AWS may take the instance back. The types are those of `instanceType`. */
export interface SpotOptions {
  /** The most to pay for an hour, in dollars: `'0.05'`. Packer: `spot_price`. @default the price of an instance on demand */
  readonly maxPrice?: string
  /** Packer: `spot_allocation_strategy`. @default price-capacity-optimized */
  readonly allocation?:
    | 'price-capacity-optimized'
    | 'capacity-optimized'
    | 'capacity-optimized-prioritized'
    | 'lowest-price'
    | 'diversified'
  /** Tags of the spot request. Packer: `spot_tags`. @default those of `launch.tags` */
  readonly tags?: TagOptions
  /** Tags of the fleet. Packer: `fleet_tags`. @default those of `launch.tags` */
  readonly fleetTags?: TagOptions
}

/** The schema of {@link SpotOptions}. */
export const spotSchema: v.GenericSchema = v.strictObject({
  maxPrice: v.optional(
    v.pipe(v.string(), v.regex(/^(?:0*[1-9]\d*(?:\.\d+)?|0*\.0*[1-9]\d*)$/, "must be dollars for an hour, such as '0.05'")),
  ),
  allocation: v.optional(
    v.picklist(['price-capacity-optimized', 'capacity-optimized', 'capacity-optimized-prioritized', 'lowest-price', 'diversified']),
  ),
  tags: v.optional(tagsSchema),
  fleetTags: v.optional(tagsSchema),
})
