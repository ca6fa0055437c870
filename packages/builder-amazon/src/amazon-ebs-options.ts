import type { Duration } from '@imago/core'

import type { AwsPlace } from './options/access.ts'
import type { AmiOptions } from './options/ami.ts'
import type { ConnectOptions } from './options/connect.ts'
import type { LaunchOptions } from './options/launch.ts'
import type { NetworkOptions } from './options/network.ts'
import type { PollingOptions } from './options/polling.ts'
import type { SourceAmi } from './options/source-ami.ts'
import type { SpotOptions } from './options/spot.ts'

/** The instance that a build works in. */
export interface InstanceOptions extends AwsPlace {
  /** Where to start. Packer: `source_ami`, `source_ami_filter`. */
  readonly sourceAmi: SourceAmi
  /**
   * One type, or several: of those, on demand, the next one is tried when the first has no capacity; a spot request takes any of them.
   * Packer: `instance_type`, `spot_instance_types`.
   */
  readonly instanceType: string | readonly string[]
  /** @default none: on demand */
  readonly spot?: SpotOptions
  readonly network?: NetworkOptions
  readonly launch?: LaunchOptions
  readonly connect?: ConnectOptions
  readonly polling?: PollingOptions
  /**
   * How long the build may take. What it creates bears the time of its end; `imago sweep --aws --expired` removes from any machine what is
   * older. @default '1d'
   */
  readonly expireAfter?: Duration
}

/** What `amazonEbs()` takes. */
export type AmazonEbsOptions<A extends AmiOptions | false = AmiOptions | false> = InstanceOptions & {
  /** The AMI; `false` makes none, to try provisioners out. Packer: `skip_create_ami`. */
  readonly ami: A
  /**
   * Make no AMI, in runs that have a cache, when the last one is still there with its tags and nothing has changed since: options, steps,
   * files, and the AMI to start from, which is looked up. @default false
   */
  readonly skipUnchanged?: boolean
} & WhoStops

/** A spot instance that stops by itself is gone. */
type WhoStops = { readonly spot?: never } | { readonly launch?: { readonly stop?: 'by-imago' } }
