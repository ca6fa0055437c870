import type { EbsSurrogateOptions } from '@imago/builder-amazon'

import { chosen } from '../../mapping/chosen.ts'
import { always, flag, integer, text } from '../../mapping/coercions.ts'
import { isYes } from '../../mapping/current-value.ts'
import { given } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import { nested } from '../../mapping/nested.ts'
import type { ComponentContext, ComponentTable } from '../../mapping/table.ts'
import { as, defineTable, taken } from '../../mapping/table.ts'
import { amiOptions, amiRows } from './ami.ts'
import type { PackerDevice } from './block-devices.ts'
import { listed, volumeType } from './block-devices.ts'
import { instanceOptions, instanceRows } from './instance.ts'

type Ami = EbsSurrogateOptions['ami']
type Root = Ami['rootDevice']

/** What only such an AMI has. */
type OwnOption = 'omitDevices' | 'architecture' | 'virtualizationType' | 'bootMode' | 'uefiData' | 'tpmSupport' | 'useCreateImage'

/** `amazon-ebssurrogate` */
export const ebsSurrogateTable: ComponentTable = defineTable<EbsSurrogateOptions>()({
  factory: { name: 'ebsSurrogate', package: '@imago/builder-amazon' },
  load: async () => (await import('@imago/builder-amazon')).ebsSurrogate,
  options: {
    ...instanceRows,
    ...amiRows,
    ami_root_device: taken(
      nested<Root>()({
        source_device_name: as('source', always(text)),
        device_name: as('device', text),
        volume_size: as('size', integer),
        volume_type: as('type', volumeType),
        iops: as('iops', integer),
        throughput: as('throughput', integer),
        delete_on_termination: as('deleteOnTermination', flag),
      }),
    ),
    ami_architecture: taken(chosen<NonNullable<Ami['architecture']>>({ names: ['x86_64', 'arm64', 'i386', 'x86_64_mac', 'arm64_mac'] })),
    ami_virtualization_type: taken(chosen<NonNullable<Ami['virtualizationType']>>({ names: ['hvm', 'paravirtual'] })),
    boot_mode: taken(chosen<NonNullable<Ami['bootMode']>>({ names: ['uefi', 'legacy-bios', 'uefi-preferred'] })),
    uefi_data: taken(text),
    tpm_support: taken(chosen<NonNullable<Ami['tpmSupport']>>()),
    use_create_image: taken(flag),
  },
  compose(options, ctx) {
    const { spot, ...instance } = instanceOptions(options, ctx)
    if (spot !== undefined) ctx.reports.problem(ctx, 'instances of spot requests cannot be stopped, and make no AMI this way')
    const ami = amiOptions(options, ctx)
    const omitted = omittedDevices(options.launch_block_device_mappings)
    if (ami === false) ctx.noCounterpart('skip_create_ami', 'amazon-ebsvolume makes volumes, and their snapshots, without an AMI')
    const own = given<Pick<Ami, OwnOption>>({
      omitDevices: omitted.length > 0 ? omitted : undefined,
      architecture: options.ami_architecture,
      virtualizationType: options.ami_virtualization_type,
      bootMode: options.boot_mode,
      uefiData: options.uefi_data,
      tpmSupport: options.tpm_support,
      useCreateImage: options.use_create_image,
    })
    const base = ami === false || isKnown(ami) ? { name: '' } : ami
    return { ...instance, ami: { ...base, rootDevice: rootOf(options.ami_root_device, ctx), ...own } }
  },
})

/** Packer keeps volumes of instances unless the template says otherwise. */
function rootOf(root: Model<Root> | undefined, ctx: ComponentContext): Model<Root> {
  if (root === undefined || isKnown(root)) {
    ctx.reports.problem(ctx, "'ami_root_device' is missing")
    return { source: '' }
  }
  return { ...root, deleteOnTermination: root.deleteOnTermination ?? false }
}

function omittedDevices(devices: Model<readonly PackerDevice[]> | undefined): readonly Model<string>[] {
  return listed(devices).flatMap(({ device, omitFromArtifact }) => (isYes(omitFromArtifact) && device !== undefined ? [device] : []))
}
