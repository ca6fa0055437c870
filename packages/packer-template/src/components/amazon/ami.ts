import type { AmazonEbsOptions } from '@imago/builder-amazon'
import type { FromFacts } from '@imago/core'

import { chosen } from '../../mapping/chosen.ts'
import { always, flag, integer, lateText, text } from '../../mapping/coercions.ts'
import { currentTexts, isYes } from '../../mapping/current-value.ts'
import { given } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { textMap, texts } from '../../mapping/list-coercions.ts'
import { nested } from '../../mapping/nested.ts'
import type { ComponentContext, Taken, TakenRow } from '../../mapping/table.ts'
import { as, taken } from '../../mapping/table.ts'
import { threeWay } from '../../mapping/three-way.ts'
import type { Named } from '../named.ts'
import type { PackerDevice } from './block-devices.ts'
import { deviceList, deviceMappings } from './block-devices.ts'
import type { PackerFastLaunch } from './fast-launch.ts'
import { fastLaunch, fastLaunchOf } from './fast-launch.ts'
import { shareOf, snapshotShareOf } from './share.ts'
import type { Tags } from './tags.ts'
import { allTags, amazonFields, tagList, tags } from './tags.ts'

type Ami = Exclude<AmazonEbsOptions['ami'], false>
type Regions = NonNullable<Ami['regions']>

/** Against being deregistered by mistake, as Packer has it. */
interface Protection {
  readonly enabled?: boolean
  readonly cooldown?: boolean
}

/** Packer's options of AMIs. */
export type AmiRows = Named<'ami_name' | 'kms_key_id' | 'deprecate_at', TakenRow<string>> &
  Named<'ami_description', TakenRow<FromFacts<string>>> &
  Named<'tags' | 'tag' | 'snapshot_tags' | 'snapshot_tag', TakenRow<Tags>> &
  Named<
    | 'ami_regions'
    | 'ami_users'
    | 'ami_groups'
    | 'ami_org_arns'
    | 'ami_ou_arns'
    | 'ami_product_codes'
    | 'snapshot_users'
    | 'snapshot_groups',
    TakenRow<readonly string[]>
  > &
  Named<'region_kms_key_ids', TakenRow<Readonly<Record<string, string>>>> &
  Named<
    | 'skip_ami_run_tags'
    | 'skip_save_build_region'
    | 'encrypt_boot'
    | 'ena_support'
    | 'sriov_support'
    | 'force_deregister'
    | 'force_delete_snapshot'
    | 'skip_region_validation'
    | 'skip_create_ami',
    TakenRow<boolean>
  > &
  Named<'imds_support', TakenRow<NonNullable<Ami['imdsSupport']>>> &
  Named<'deregistration_protection', TakenRow<Protection>> &
  Named<'ami_block_device_mappings', TakenRow<readonly PackerDevice[]>> &
  Named<'snapshot_copy_duration_minutes', TakenRow<number>> &
  Named<'fast_launch', TakenRow<PackerFastLaunch>>

/** What becomes of each of them. */
export const amiRows: AmiRows = {
  ami_name: taken(always(text)),
  ami_description: taken(lateText(amazonFields)),
  tags: taken(tags),
  tag: taken(tagList),
  snapshot_tags: taken(tags),
  snapshot_tag: taken(tagList),
  skip_ami_run_tags: taken(flag),
  ami_regions: taken(texts),
  region_kms_key_ids: taken(textMap),
  skip_save_build_region: taken(flag),
  encrypt_boot: taken(threeWay),
  kms_key_id: taken(text),
  ami_users: taken(texts),
  ami_groups: taken(texts),
  ami_org_arns: taken(texts),
  ami_ou_arns: taken(texts),
  snapshot_users: taken(texts),
  snapshot_groups: taken(texts),
  ami_product_codes: taken(texts),
  deprecate_at: taken(text),
  deregistration_protection: taken(nested<Protection>()({ enabled: as('enabled', flag), with_cooldown: as('cooldown', flag) })),
  fast_launch: taken(fastLaunch),
  ena_support: taken(threeWay),
  sriov_support: taken(flag),
  imds_support: taken(chosen<NonNullable<Ami['imdsSupport']>>()),
  ami_block_device_mappings: taken(deviceList),
  snapshot_copy_duration_minutes: taken(integer),
  force_deregister: taken(flag),
  force_delete_snapshot: taken(flag),
  skip_region_validation: taken(flag),
  skip_create_ami: taken(flag),
}

type Given = Taken<AmiRows>

/** The AMI; `false` when none is to be made. */
export function amiOptions(options: Given, ctx: ComponentContext): Model<Ami> | false {
  if (isYes(options.skip_create_ami)) return false
  if (!ctx.options.members.has('ami_name')) ctx.reports.problem(ctx, "'ami_name' is missing")
  const devices = deviceMappings(options.ami_block_device_mappings)
  const members = given<Omit<Ami & { readonly deprecateAfter?: never }, 'name'>>({
    description: options.ami_description,
    tags: allTags(options.tags, options.tag),
    snapshotTags: allTags(options.snapshot_tags, options.snapshot_tag),
    skipLaunchTags: options.skip_ami_run_tags,
    regions: regionsOf(options),
    skipBuildRegion: options.skip_save_build_region,
    encrypt: options.encrypt_boot,
    kmsKey: options.kms_key_id,
    shareWith: shareOf(options),
    shareSnapshotsWith: snapshotShareOf(options.snapshot_users, options.snapshot_groups),
    productCodes: options.ami_product_codes,
    deprecateAt: options.deprecate_at,
    deregistrationProtection: protectionOf(options.deregistration_protection),
    fastLaunch: fastLaunchOf(options.fast_launch),
    enaSupport: options.ena_support,
    sriovNetSupport: isYes(options.sriov_support) ? (true as const) : undefined,
    imdsSupport: options.imds_support,
    blockDevices: devices.length > 0 ? devices : undefined,
    snapshotCopyMinutes: options.snapshot_copy_duration_minutes,
    forceDeregister: options.force_deregister,
    forceDeleteSnapshots: options.force_delete_snapshot,
    skipRegionCheck: options.skip_region_validation,
  })
  return { name: options.ami_name ?? '', ...members }
}

/** Regions, with the keys of those that have one. */
function regionsOf({ ami_regions: regions, region_kms_key_ids: keys }: Given): Model<Regions> | undefined {
  if (regions === undefined || keys === undefined || isKnown(keys)) return regions
  const keyed = Object.entries<Model<string>>(keys)
  const own = new Map(keyed.filter(([, key]) => (isKnown(key) ? key.value : key) !== ''))
  const entries = currentTexts(regions).map((region) => {
    const kmsKey = own.get(region)
    return [region, kmsKey === undefined ? {} : { kmsKey }] as const
  })
  return Object.fromEntries(entries)
}

function protectionOf(given: Model<Protection> | undefined): Model<NonNullable<Ami['deregistrationProtection']>> | undefined {
  if (given === undefined || isKnown(given)) return undefined
  return isYes(given.cooldown) ? { cooldown: true } : given.enabled
}
