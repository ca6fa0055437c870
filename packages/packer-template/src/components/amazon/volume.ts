import type { EbsVolumeOptions } from '@imago/builder-amazon'

import { flag, text } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import { given } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { texts } from '../../mapping/list-coercions.ts'
import { nestedList } from '../../mapping/nested.ts'
import type { ComponentTable } from '../../mapping/table.ts'
import { as, defineTable, meaningless, noCounterpart, taken } from '../../mapping/table.ts'
import type { PackerDevice } from './block-devices.ts'
import { deviceRows } from './block-devices.ts'
import { instanceOptions, instanceRows } from './instance.ts'
import { snapshotShareOf } from './share.ts'
import type { Tags } from './tags.ts'
import { tagList, tags, allTags } from './tags.ts'

type Volume = EbsVolumeOptions['volumes'][number]
type Snapshot = NonNullable<Volume['snapshot']>

const ofInstance = 'leave it out: it changes the instance, which is gone in the end'

/** A volume that stays, as Packer has it. */
interface PackerVolume extends Omit<PackerDevice, 'omitFromArtifact'> {
  readonly tags?: Tags
  readonly tag?: Tags
  readonly makesSnapshot?: boolean
  readonly snapshotDescription?: string
  readonly snapshotTags?: Tags
  readonly snapshotTag?: Tags
  readonly snapshotUsers?: readonly string[]
  readonly snapshotGroups?: readonly string[]
}

/** `amazon-ebsvolume` */
export const ebsVolumeTable: ComponentTable = defineTable<EbsVolumeOptions>()({
  factory: { name: 'ebsVolume', package: '@imago/builder-amazon' },
  load: async () => (await import('@imago/builder-amazon')).ebsVolume,
  options: {
    ...instanceRows,
    ebs_volumes: taken(
      nestedList<PackerVolume>()({
        ...deviceRows,
        tags: as('tags', tags),
        tag: as('tag', tagList),
        snapshot_volume: as('makesSnapshot', flag),
        snapshot_description: as('snapshotDescription', text),
        snapshot_tags: as('snapshotTags', tags),
        snapshot_tag: as('snapshotTag', tagList),
        snapshot_users: as('snapshotUsers', texts),
        snapshot_groups: as('snapshotGroups', texts),
      }),
    ),
    ena_support: noCounterpart(ofInstance),
    sriov_support: noCounterpart(ofInstance),
    skip_region_validation: meaningless('the region is looked at when the build begins'),
  },
  compose(options, ctx) {
    const { spot, ...instance } = instanceOptions(options, ctx)
    if (spot !== undefined) ctx.reports.problem(ctx, 'instances of spot requests cannot be stopped, and fill no volumes this way')
    const volumes = options.ebs_volumes
    if (volumes === undefined || isKnown(volumes)) {
      ctx.reports.problem(ctx, "'ebs_volumes' is missing")
      return instance
    }
    return { ...instance, volumes: volumes.flatMap((volume) => (isKnown(volume) ? [] : [volumeOf(volume)])) }
  },
})

function volumeOf(volume: { readonly [K in keyof PackerVolume]?: Model<Exclude<PackerVolume[K], undefined>> }): Model<Volume> {
  const {
    device = '',
    tags: byName,
    tag,
    makesSnapshot,
    snapshotDescription,
    snapshotTags,
    snapshotTag,
    snapshotUsers,
    snapshotGroups,
    noDevice: _none,
    virtualName: _virtual,
    ...block
  } = volume
  const snapshot = given<Snapshot>({
    description: snapshotDescription,
    tags: allTags(snapshotTags, snapshotTag),
    shareWith: snapshotShareOf(snapshotUsers, snapshotGroups),
  })
  const own = allTags(byName, tag)
  return { device, ...block, ...(own !== undefined && { tags: own }), ...(isYes(makesSnapshot) && { snapshot }) }
}
