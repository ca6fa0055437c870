import type { Issue, JsonObject } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { DeviceMapping } from './block-device.ts'
import { deviceIssues, deviceMappingsSchema } from './block-device.ts'
import type { MetadataOptions } from './metadata.ts'
import { metadataSchema } from './metadata.ts'
import type { TagOptions } from './text.ts'
import { exclusive, tagsSchema } from './text.ts'

/** What the instance runs when it first starts: a cloud-init script or document. */
export type UserData = string | { /** A file, relative to the definition. Packer: `user_data_file`. */ readonly file: string }

/** An instance profile of the build's own: a role with this policy, which is gone when the build ends. */
export interface TemporaryProfile {
  /** What programs in the instance may do. Packer: `temporary_iam_instance_profile_policy_document`. */
  readonly policy: JsonObject
}

/** What the instance runs on. */
export type PlacementOptions = {
  /** Packer: `tenancy`. @default default; host where a host is named */
  readonly tenancy?: 'default' | 'dedicated' | 'host'
} & (
  | { /** Packer: `host_id`. */ readonly hostId?: string; readonly hostResourceGroup?: never }
  | { readonly hostId?: never; /** Packer: `host_resource_group_arn`. */ readonly hostResourceGroup?: string }
)

/** Which reserved capacity to use. */
export type CapacityReservation =
  /** Any that fits, or none. Packer: `capacity_reservation_preference`. */
  | 'open'
  | 'none'
  /** Packer: `capacity_reservation_id`. */
  | { readonly id: string; readonly group?: never }
  /** Packer: `capacity_reservation_group_arn`. */
  | { readonly group: string; readonly id?: never }

/** How the instance is started. Nothing of this is in the AMI, apart from the block devices. */
export interface LaunchOptions {
  /** Packer: `user_data`, `user_data_file`. @default none */
  readonly userData?: UserData
  /** The name of an instance profile, or what one for the build may do. Packer: `iam_instance_profile`. @default none */
  readonly instanceProfile?: string | TemporaryProfile
  /** Do not look whether the profile is there. Packer: `skip_profile_validation`. @default false */
  readonly skipProfileCheck?: boolean
  /** What a shutdown from inside does: an instance whose build was killed can end itself. Packer: `shutdown_behavior`, whose default is stop. @default terminate; stop with `stop: 'from-inside'` */
  readonly shutdownBehavior?: 'terminate' | 'stop'
  /**
   * Who stops the instance before the AMI is made: we, or the last provisioner (Windows' sysprep does), and we wait for it.
   * Packer: `disable_stop_instance`. @default by-imago
   */
  readonly stop?: 'by-imago' | 'from-inside'
  /** Packer: `ebs_optimized`. @default as the instance type is */
  readonly ebsOptimized?: boolean
  /** Packer: `enable_nitro_enclave`. @default false */
  readonly nitroEnclave?: boolean
  /** Let instances of types T2 to T4g work beyond their credits, at a price. Packer: `enable_unlimited_credits`. @default false */
  readonly unlimitedCredits?: boolean
  readonly placement?: PlacementOptions
  /** ARNs of licence configurations. Packer: `license_specifications`. @default none */
  readonly licenses?: readonly string[]
  /** @default none, so that builds use up no reservation */
  readonly capacityReservation?: CapacityReservation
  /** Packer: `metadata_options`. */
  readonly metadata?: MetadataOptions
  /** Volumes beside those of the source AMI, or other sizes and types for those. The AMI gets them too. Packer: `launch_block_device_mappings`. @default none */
  readonly blockDevices?: readonly DeviceMapping[]
  /** Of Windows: keep the instance's own disks out of the AMI. Packer: `no_ephemeral`. @default false */
  readonly noEphemeral?: boolean
  /** Tags of everything that exists during the build. Packer: `run_tags`. @default none; builds add their own */
  readonly tags?: TagOptions
  /** More tags of the volumes. Packer: `run_volume_tags`. @default none */
  readonly volumeTags?: TagOptions
}

const text = optionSchema.text
const arn = v.pipe(v.string(), v.regex(/^arn:[\w-]+:[\w-]+:/, 'must be an ARN'))

/** The schema of {@link LaunchOptions}. */
export const launchSchema: v.GenericSchema = v.strictObject({
  userData: v.optional(v.union([v.pipe(v.string(), v.maxLength(16_384, 'must be 16 KiB at most')), v.strictObject({ file: text })])),
  instanceProfile: v.optional(
    v.union([
      v.pipe(v.string(), v.regex(/^[\w+=,.@-]{1,128}$/, 'must be the name of an instance profile, not its ARN')),
      v.strictObject({
        policy: v.pipe(
          v.looseObject({}),
          v.check((policy) => 'Statement' in policy, "must be an IAM policy, with a 'Statement'"),
        ),
      }),
    ]),
  ),
  skipProfileCheck: v.optional(v.boolean()),
  shutdownBehavior: v.optional(v.picklist(['terminate', 'stop'])),
  stop: v.optional(v.picklist(['by-imago', 'from-inside'])),
  ebsOptimized: v.optional(v.boolean()),
  nitroEnclave: v.optional(v.boolean()),
  unlimitedCredits: v.optional(v.boolean()),
  placement: v.optional(
    v.strictObject({
      tenancy: v.optional(v.picklist(['default', 'dedicated', 'host'])),
      hostId: v.optional(v.pipe(v.string(), v.regex(/^h-[0-9a-f]+$/, "must be a host's id, such as 'h-0123456789abcdef0'"))),
      hostResourceGroup: v.optional(arn),
    }),
  ),
  licenses: v.optional(v.array(arn)),
  capacityReservation: v.optional(
    v.union([
      v.picklist(['open', 'none']),
      v.strictObject({ id: v.pipe(v.string(), v.regex(/^cr-[0-9a-f]+$/, "must be a reservation's id, such as 'cr-0123456789abcdef0'")) }),
      v.strictObject({ group: arn }),
    ]),
  ),
  metadata: v.optional(metadataSchema),
  blockDevices: v.optional(deviceMappingsSchema),
  noEphemeral: v.optional(v.boolean()),
  tags: v.optional(tagsSchema),
  volumeTags: v.optional(tagsSchema),
})

/** What options of the start mean together. */
export function launchIssues(launch: LaunchOptions | undefined): readonly Issue[] {
  if (typeof launch !== 'object') return []
  const { placement, stop, shutdownBehavior, metadata } = launch
  const issues: Issue[] = [
    ...deviceIssues(launch.blockDevices, ['launch', 'blockDevices']),
    ...exclusive(placement, ['launch', 'placement'], 'hostId', 'hostResourceGroup'),
  ]
  if (stop === 'from-inside' && shutdownBehavior === 'terminate') {
    issues.push({
      path: ['launch', 'shutdownBehavior'],
      message: "cannot be 'terminate' beside stop: 'from-inside': there would be nothing left to make an AMI of",
    })
  }
  if (placement?.tenancy !== undefined && placement.tenancy !== 'host' && (placement.hostId ?? placement.hostResourceGroup) !== undefined) {
    issues.push({ path: ['launch', 'placement', 'tenancy'], message: `must be 'host' for a host, not '${placement.tenancy}'` })
  }
  if (metadata?.enabled === false && metadata.tags === true) {
    issues.push({ path: ['launch', 'metadata', 'tags'], message: "needs the metadata service, and 'enabled' is false" })
  }
  return issues
}
