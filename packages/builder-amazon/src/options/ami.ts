import type { FromFacts, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { amiNameSchema } from './ami-name.ts'
import type { DeviceMapping } from './block-device.ts'
import { deviceIssues, deviceMappingsSchema, imageDeviceIssues, kmsKeySchema } from './block-device.ts'
import type { FastLaunchOptions } from './fast-launch.ts'
import { fastLaunchIssues, fastLaunchSchema } from './fast-launch.ts'
import type { LaunchOptions } from './launch.ts'
import { region } from './region.ts'
import type { ShareOptions, SnapshotShareOptions } from './share.ts'
import { shareIssues, shareSchema, snapshotShareSchema } from './share.ts'
import { imageTagGroups, tagCountIssues } from './tag-limits.ts'
import type { TagOptions } from './text.ts'
import { exclusive, tagsSchema, wholeNumber } from './text.ts'

/** A region that gets a copy. */
export interface RegionOptions {
  /** The key of that region. Packer: `region_kms_key_ids`. @default the account's default key there */
  readonly kmsKey?: string
}

/** Against being deregistered by mistake. Packer: `deregistration_protection`. */
export type DeregistrationProtection =
  | boolean
  | { /** It holds for 24 hours after it is taken off. Packer: `with_cooldown`. */ readonly cooldown: boolean }

/** What every AMI has. Use {@link AmiOptions}. */
export interface AmiBase {
  /**
   * 3 to 128 letters, digits and `()[] ./-'@_`; in braces: `{timestamp}` (seconds since 1970), `{date}`, `{datetime}`, `{run}`, `{image}`,
   * `{build}`. No two images of an account in a region have the same. Packer: `ami_name`.
   */
  readonly name: FromFacts<string>
  /** Packer: `ami_description`. @default none */
  readonly description?: FromFacts<string>
  /** Tags of the AMI and of its snapshots, in all regions, from the first moment on. Packer: `tags`. @default none; builds add where it comes from */
  readonly tags?: TagOptions
  /** More tags of the snapshots. Packer: `snapshot_tags`. @default none */
  readonly snapshotTags?: TagOptions
  /** Leave out the tags of `launch.tags`, which the AMI gets otherwise. Packer: `skip_ami_run_tags`. @default false */
  readonly skipLaunchTags?: boolean
  /** More regions to copy it to, all at the same time; with options for each, or as a list. Packer: `ami_regions`. @default none */
  readonly regions?: readonly string[] | Readonly<Record<string, RegionOptions>>
  /** Keep it in `regions` only. Packer: `skip_save_build_region`. @default false */
  readonly skipBuildRegion?: boolean
  /** Encrypt its volumes: they are encrypted from the start of the instance on. `false` makes sure that none is. Packer: `encrypt_boot`. @default as the source AMI is */
  readonly encrypt?: boolean
  /** Needs `encrypt`. Packer: `kms_key_id`. @default the account's default key */
  readonly kmsKey?: string
  /** Who may start instances of it. Packer: `ami_users`, `ami_groups`, `ami_org_arns`, `ami_ou_arns`. @default nobody else */
  readonly shareWith?: ShareOptions
  /** Who may make volumes of its snapshots. Packer: `snapshot_users`, `snapshot_groups`. @default nobody else */
  readonly shareSnapshotsWith?: SnapshotShareOptions
  /** Packer: `ami_product_codes`. @default none */
  readonly productCodes?: readonly string[]
  /** @default false */
  readonly deregistrationProtection?: DeregistrationProtection
  /** Of Windows: start instances faster. Packer: `fast_launch`. @default none */
  readonly fastLaunch?: FastLaunchOptions
  /** Whether instances of it have enhanced networking with ENA. Packer: `ena_support`. @default as the source AMI says */
  readonly enaSupport?: boolean
  /** Whether instances of it have enhanced networking with the Intel 82599. Packer: `sriov_support`. @default as the source AMI says */
  readonly sriovNetSupport?: true
  /** Instances of it need session tokens for their metadata (IMDSv2). Packer: `imds_support`. @default as the source AMI says */
  readonly imdsSupport?: 'v2.0'
  /**
   * Block devices of the AMI beside those of the instance, or instead; AWS takes no `kmsKey` for them. Packer: `ami_block_device_mappings`.
   * @default those of the instance
   */
  readonly blockDevices?: readonly DeviceMapping[]
  /** How many minutes copies may take at most, at a price: a multiple of 15. Packer: `snapshot_copy_duration_minutes`. @default as long as they take */
  readonly snapshotCopyMinutes?: number
  /** Deregister an own image that has the name, just before the new one is made. Packer: `force_deregister`. @default false */
  readonly forceDeregister?: boolean
  /** Delete that image's snapshots, too. Packer: `force_delete_snapshot`. @default false */
  readonly forceDeleteSnapshots?: boolean
  /** Do not ask whether the regions exist. Packer: `skip_region_validation`. @default false */
  readonly skipRegionCheck?: boolean
}

/** From when on an AMI is not found any more by those who look for it: at a time, or so many days after the build. Within 10 years. */
export type Deprecation =
  | {
      /** A time to come, ISO 8601. Packer: `deprecate_at`. @default never */ readonly deprecateAt?: string
      readonly deprecateAfter?: never
    }
  | { readonly deprecateAt?: never; /** `'180d'` @default never */ readonly deprecateAfter?: `${number}d` }

/** What every AMI has. */
export type AmiOptions = AmiBase & Deprecation

const regionMap = v.record(region, v.strictObject({ kmsKey: v.optional(kmsKeySchema) }))

/** The schemas of {@link AmiOptions}. */
export const amiEntries: Readonly<Record<keyof AmiOptions, v.GenericSchema>> = {
  name: amiNameSchema,
  description: v.optional(optionSchema.fromFacts<string>(v.pipe(v.string(), v.maxLength(255, 'must be 255 characters at most')))),
  tags: v.optional(tagsSchema),
  snapshotTags: v.optional(tagsSchema),
  skipLaunchTags: v.optional(v.boolean()),
  regions: v.optional(v.lazy((value): v.GenericSchema => (Array.isArray(value) ? v.array(region) : regionMap))),
  skipBuildRegion: v.optional(v.boolean()),
  encrypt: v.optional(v.boolean()),
  kmsKey: v.optional(kmsKeySchema),
  shareWith: v.optional(shareSchema),
  shareSnapshotsWith: v.optional(snapshotShareSchema),
  productCodes: v.optional(v.array(optionSchema.text)),
  deprecateAt: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => isFuture(text), 'must be a time to come, such as 2030-01-31T00:00:00Z'),
      v.check((text) => !isTooFar(text), 'must be within the next 10 years'),
    ),
  ),
  deprecateAfter: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d*d$/, "must be days, such as '180d'"),
      v.check((text) => Number.parseInt(text, 10) <= 3650, 'must be 3650 days at most: AWS takes 10 years'),
    ),
  ),
  deregistrationProtection: v.optional(v.union([v.boolean(), v.strictObject({ cooldown: v.boolean() })])),
  fastLaunch: v.optional(fastLaunchSchema),
  enaSupport: v.optional(v.boolean()),
  sriovNetSupport: v.optional(v.literal(true)),
  imdsSupport: v.optional(v.literal('v2.0')),
  blockDevices: v.optional(deviceMappingsSchema),
  snapshotCopyMinutes: v.optional(
    v.pipe(
      wholeNumber(15, 2880),
      v.check((minutes) => minutes % 15 === 0, 'must be a multiple of 15'),
    ),
  ),
  forceDeregister: v.optional(v.boolean()),
  forceDeleteSnapshots: v.optional(v.boolean()),
  skipRegionCheck: v.optional(v.boolean()),
}

function isFuture(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && Date.parse(text) > Date.now()
}

function isTooFar(text: string): boolean {
  const limit = new Date()
  limit.setUTCFullYear(limit.getUTCFullYear() + 10)
  return Date.parse(text) > limit.getTime()
}

/** The regions that get copies, with their options; the build's own is not among them. */
export function copyRegions({ regions = [] }: Pick<AmiOptions, 'regions'>, own: string | undefined): ReadonlyMap<string, RegionOptions> {
  const entries: readonly (readonly [string, RegionOptions])[] = isList(regions)
    ? regions.map((name) => [name, {}])
    : Object.entries(regions)
  return new Map(entries.filter(([name]) => name !== own))
}

function isList(regions: AmiOptions['regions']): regions is readonly string[] {
  return Array.isArray(regions)
}

/** When an image is to be deprecated. */
export function deprecationTime({ deprecateAt, deprecateAfter }: AmiOptions, now: Date): Date | undefined {
  if (deprecateAt !== undefined) return new Date(deprecateAt)
  return deprecateAfter === undefined ? undefined : new Date(now.getTime() + Number.parseInt(deprecateAfter, 10) * 86_400_000)
}

/** What options of the AMI mean together, and with those of the launch. */
export function amiIssues(ami: AmiOptions, ownRegion: string | undefined, launch: LaunchOptions = {}): readonly Issue[] {
  const copies = copyRegions(ami, ownRegion)
  const keys = [...copies].filter(([, { kmsKey }]) => kmsKey !== undefined)
  const issues: Issue[] = [
    ...deviceIssues(ami.blockDevices, ['ami', 'blockDevices']),
    ...imageDeviceIssues(ami.blockDevices, ['ami', 'blockDevices']),
    ...exclusive(ami, ['ami'], 'deprecateAt', 'deprecateAfter'),
    ...shareIssues(ami, copies, launch.blockDevices),
    ...tagCountIssues(imageTagGroups(ami, launch.tags)),
    ...fastLaunchIssues(ami.fastLaunch, ownRegion === undefined ? undefined : [ownRegion, ...copies.keys()]),
  ]
  if (ami.kmsKey !== undefined && ami.encrypt !== true) {
    issues.push({ path: ['ami', 'kmsKey'], message: "needs 'encrypt: true' beside it" })
  }
  if (ami.encrypt !== true) {
    for (const [name] of keys) issues.push({ path: ['ami', 'regions', name, 'kmsKey'], message: "needs 'encrypt: true' in 'ami'" })
  }
  if (ami.skipBuildRegion === true && copies.size === 0) {
    issues.push({ path: ['ami', 'skipBuildRegion'], message: "needs other regions in 'regions'" })
  }
  if (ami.forceDeleteSnapshots === true && ami.forceDeregister !== true) {
    issues.push({ path: ['ami', 'forceDeleteSnapshots'], message: "needs 'forceDeregister: true' beside it" })
  }
  if (ami.snapshotCopyMinutes !== undefined && copies.size === 0) {
    issues.push({ path: ['ami', 'snapshotCopyMinutes'], message: "is for copies, and 'regions' names no other region" })
  }
  return issues
}
