import type { InstanceOptions } from '@imago/builder-amazon'

import type { Composed, ComponentContext, Taken } from '../../mapping/table.ts'
import type { AccessRows } from './access.ts'
import { accessOptions, accessRows } from './access.ts'
import type { ConnectRows } from './connect.ts'
import { connectOptions, connectRows } from './connect.ts'
import type { LaunchRows } from './launch.ts'
import { launchOptions, launchRows } from './launch.ts'
import type { NetworkRows } from './network.ts'
import { networkOptions, networkRows } from './network.ts'
import type { SourceRows } from './source.ts'
import { sourceOptions, sourceRows } from './source.ts'
import type { SpotRows } from './spot.ts'
import { spotOptions, spotRows } from './spot.ts'

/** Packer's options of instances that builds work in. */
export type InstanceRows = AccessRows & SourceRows & SpotRows & NetworkRows & LaunchRows & ConnectRows

/** What becomes of each of them. */
export const instanceRows: InstanceRows = {
  ...accessRows,
  ...sourceRows,
  ...spotRows,
  ...networkRows,
  ...launchRows,
  ...connectRows,
}

/** The instance that a build works in. */
export function instanceOptions(given: Taken<InstanceRows>, ctx: ComponentContext): Composed<InstanceOptions> {
  const { polling, ...access } = accessOptions(given)
  return {
    ...access,
    ...sourceOptions(given, ctx),
    ...spotOptions(given, ctx),
    ...networkOptions(given, ctx),
    ...launchOptions(given, ctx),
    ...connectOptions(given, ctx),
    ...(polling !== undefined && { polling }),
  }
}
