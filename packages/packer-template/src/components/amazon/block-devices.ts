import type { InstanceOptions } from '@imago/builder-amazon'

import { chosen } from '../../mapping/chosen.ts'
import { always, flag, integer, text } from '../../mapping/coercions.ts'
import { currentText, isYes } from '../../mapping/current-value.ts'
import type { Model } from '../../mapping/known.ts'
import { isKnown } from '../../mapping/known.ts'
import type { NestedRows } from '../../mapping/nested.ts'
import { nestedList } from '../../mapping/nested.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import { as } from '../../mapping/table.ts'
import { threeWay } from '../../mapping/three-way.ts'

type DeviceMapping = NonNullable<NonNullable<InstanceOptions['launch']>['blockDevices']>[number]
type VolumeType = NonNullable<Volume['type']>
type Volume = Exclude<DeviceMapping, { readonly none: true } | { readonly ephemeral: string }>

/** A device as Packer has it: all kinds in one. */
export interface PackerDevice extends Volume {
  readonly noDevice?: boolean
  readonly virtualName?: string
  readonly omitFromArtifact?: boolean
}

/** The type of a volume. */
export const volumeType: Coercion<VolumeType> = chosen<VolumeType>({ names: ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1', 'standard'] })

/** What becomes of the options of a device. */
export const deviceRows: NestedRows<Omit<PackerDevice, 'omitFromArtifact'>> = {
  device_name: as('device', always(text)),
  volume_size: as('size', integer),
  volume_type: as('type', volumeType),
  iops: as('iops', integer),
  throughput: as('throughput', integer),
  snapshot_id: as('snapshotId', text),
  encrypted: as('encrypted', threeWay),
  kms_key_id: as('kmsKey', text),
  delete_on_termination: as('deleteOnTermination', flag),
  no_device: as('noDevice', flag),
  virtual_name: as('virtualName', text),
}

/** `launch_block_device_mappings`, `ami_block_device_mappings` */
export const deviceList: Coercion<readonly PackerDevice[]> = nestedList<PackerDevice>()({
  ...deviceRows,
  omit_from_artifact: as('omitFromArtifact', flag),
})

/** Packer's devices as ours. Volumes stay when their instance goes, unless the template says otherwise. */
export function deviceMappings(devices: Model<readonly PackerDevice[]> | undefined): readonly Model<DeviceMapping>[] {
  return listed(devices).map((given) => {
    const { device = '', noDevice, virtualName, omitFromArtifact: _omit, ...volume } = given
    if (isYes(noDevice)) return { device, none: true }
    const ephemeral = currentText(virtualName)
    if (ephemeral?.startsWith('ephemeral') === true) return { device, ephemeral: ephemeral as `ephemeral${number}` }
    return { device, ...volume, deleteOnTermination: volume.deleteOnTermination ?? false }
  })
}

/** The members of a device, of which some may not be given. */
export type DeviceModel = { readonly [K in keyof PackerDevice]?: Model<Exclude<PackerDevice[K], undefined>> }

/** The devices of a list, which is always read as one. */
export function listed(devices: Model<readonly PackerDevice[]> | undefined): readonly DeviceModel[] {
  if (devices === undefined || isKnown(devices)) return []
  return devices.flatMap((device) => (isKnown(device) ? [] : [device]))
}
