import type { Plugin } from '@imago/core'

import { connectAws } from '../aws/connect.ts'
import type { AwsAccess } from '../options/access.ts'
import { plugin } from '../plugin.ts'
import { findLeft, findLeftRoles } from './find-left.ts'

/** Where to look for what was left. */
export interface SweepAmazonOptions {
  /** @default the one of the environment or the profile */
  readonly regions?: readonly string[]
  readonly access?: AwsAccess
  /**
   * Look for what is older than the time that its run gave itself (`expireAfter`), whichever machine it ran on; else for what runs of this
   * machine left whose process is gone. @default false
   */
  readonly onlyExpired?: boolean
}

/**
 * A plugin for core's `sweep()` that finds by tags what builds have left in an account: also when their journal is lost, and on another machine.
 * @example await sweep({ plugins: [sweepAmazon({ regions: ['eu-west-1'], onlyExpired: true })] })
 */
export function sweepAmazon({ regions = [], access, onlyExpired = false }: SweepAmazonOptions = {}): Plugin {
  return {
    ...plugin,
    async find(signal) {
      const [first, ...others] = regions
      const aws = await connectAws({ ...(first !== undefined && { region: first }), ...(access !== undefined && { access }) })
      const options = { signal, onlyExpired, now: new Date() }
      const places = [aws, ...others.map((region) => aws.in(region))]
      const found = await Promise.all(places.map(async (place) => findLeft(place, options)))
      return [...found.flat(), ...(await findLeftRoles(aws, options))]
    },
  }
}
