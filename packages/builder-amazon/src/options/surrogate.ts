import type { Issue } from '@imago/core'
import * as v from 'valibot'

import type { AmiBase, Deprecation } from './ami.ts'
import { amiEntries } from './ami.ts'
import type { BlockDevice, VolumeOptions } from './block-device.ts'
import { deviceName, volumeEntries, volumeIssues } from './block-device.ts'
import type { LaunchOptions } from './launch.ts'

/** The root volume of the AMI. Packer: `ami_root_device`. */
export interface SurrogateRoot extends Pick<VolumeOptions, 'size' | 'type' | 'iops' | 'throughput' | 'deleteOnTermination'> {
  /** The device of `launch.blockDevices` that the provisioners have made it on. Packer: `source_device_name`. */
  readonly source: string
  /** Its name in the AMI. Packer: `device_name`. @default /dev/xvda */
  readonly device?: string
}

/** The AMI that `ebsSurrogate()` makes. */
export type SurrogateAmiOptions = SurrogateAmiBase & Deprecation

/** What such an AMI has beside its deprecation. */
export interface SurrogateAmiBase extends AmiBase {
  readonly rootDevice: SurrogateRoot
  /** Devices of `launch.blockDevices` that the AMI does not get. Packer: `omit_from_artifact`. @default none */
  readonly omitDevices?: readonly string[]
  /** Packer: `ami_architecture`. @default the source AMI's */
  readonly architecture?: 'x86_64' | 'arm64' | 'i386' | 'x86_64_mac' | 'arm64_mac'
  /** Packer: `ami_virtualization_type`. @default hvm */
  readonly virtualizationType?: 'hvm' | 'paravirtual'
  /** Packer: `boot_mode`. @default what the instance type prefers */
  readonly bootMode?: 'legacy-bios' | 'uefi' | 'uefi-preferred'
  /** The non-volatile UEFI variables, as `uefivars` writes them. Packer: `uefi_data`. */
  readonly uefiData?: string
  /** Packer: `tpm_support`. @default none */
  readonly tpmSupport?: 'v2.0'
  /** Make the AMI of the instance, with its volumes exchanged, so that it keeps the source AMI's product codes. Packer: `use_create_image`. @default false */
  readonly useCreateImage?: boolean
}

/** The schemas of {@link SurrogateAmiOptions}. */
export const surrogateEntries: Readonly<Record<keyof SurrogateAmiOptions, v.GenericSchema>> = {
  ...amiEntries,
  rootDevice: v.strictObject({
    source: deviceName,
    device: v.optional(deviceName),
    size: volumeEntries.size,
    type: volumeEntries.type,
    iops: volumeEntries.iops,
    throughput: volumeEntries.throughput,
    deleteOnTermination: volumeEntries.deleteOnTermination,
  }),
  omitDevices: v.optional(v.array(deviceName)),
  architecture: v.optional(v.picklist(['x86_64', 'arm64', 'i386', 'x86_64_mac', 'arm64_mac'])),
  virtualizationType: v.optional(v.picklist(['hvm', 'paravirtual'])),
  bootMode: v.optional(v.picklist(['legacy-bios', 'uefi', 'uefi-preferred'])),
  uefiData: v.optional(v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(64_000, 'must be 64,000 characters at most'))),
  tpmSupport: v.optional(v.literal('v2.0')),
  useCreateImage: v.optional(v.boolean()),
}

/** The volumes that the provisioners work on. */
export function surrogateVolumes({ blockDevices = [] }: LaunchOptions): readonly BlockDevice[] {
  return blockDevices.filter((mapping): mapping is BlockDevice => !('none' in mapping) && !('ephemeral' in mapping))
}

const registerOnly = ['architecture', 'virtualizationType', 'bootMode', 'uefiData', 'tpmSupport'] as const

/** What options of the AMI mean together with those of the launch. */
export function surrogateIssues(ami: SurrogateAmiOptions, launch: LaunchOptions | undefined): readonly Issue[] {
  const { rootDevice, omitDevices = [], useCreateImage, tpmSupport, bootMode } = ami
  const devices = surrogateVolumes(launch ?? {}).map(({ device }) => device)
  const hint =
    devices.length === 0 ? "add it: launch: { blockDevices: [{ device: '/dev/sdf', size: 8 }] }" : `there are ${devices.join(', ')}`
  const issues: Issue[] = [...volumeIssues(rootDevice, ['ami', 'rootDevice'])]
  if (!devices.includes(rootDevice.source)) {
    issues.push({ path: ['ami', 'rootDevice', 'source'], message: `'${rootDevice.source}' is no volume of launch.blockDevices`, hint })
  }
  for (const [index, device] of omitDevices.entries()) {
    const path = ['ami', 'omitDevices', index]
    if (!devices.includes(device)) issues.push({ path, message: `'${device}' is no volume of launch.blockDevices`, hint })
    if (device === rootDevice.source) issues.push({ path, message: `'${device}' is the root device` })
  }
  if (tpmSupport !== undefined && bootMode !== 'uefi') {
    issues.push({ path: ['ami', 'tpmSupport'], message: "needs bootMode: 'uefi' beside it" })
  }
  if (useCreateImage !== true) {
    if (ami.fastLaunch !== undefined) {
      issues.push({
        path: ['ami', 'fastLaunch'],
        message: "needs 'useCreateImage' beside it: it is for Windows, of which AWS registers no image",
      })
    }
    return [...issues, ...registeredIssues(ami, devices)]
  }
  for (const option of registerOnly) {
    if (ami[option] !== undefined)
      issues.push({ path: ['ami', option], message: "cannot stand beside 'useCreateImage': the instance's own is taken" })
  }
  return issues
}

/** What devices of a registered AMI cannot be: those of the instance become what is in them, and the root stands apart. */
function registeredIssues(
  { blockDevices = [], omitDevices = [], rootDevice }: SurrogateAmiOptions,
  launched: readonly string[],
): readonly Issue[] {
  return blockDevices.flatMap((mapping, index): readonly Issue[] => {
    const { device } = mapping
    const path = ['ami', 'blockDevices', index]
    if (device === (rootDevice.device ?? '/dev/xvda') || device === rootDevice.source) {
      return [{ path: [...path, 'device'], message: `'${device}' is the root device: its options are those of ami.rootDevice` }]
    }
    if (!launched.includes(device) || omitDevices.includes(device)) return []
    if ('none' in mapping || 'ephemeral' in mapping) {
      const hint = `omitDevices: ['${device}'] leaves it out`
      return [{ path: [...path, 'device'], message: `'${device}' is a volume of launch.blockDevices, which the AMI gets`, hint }]
    }
    return (['snapshotId', 'encrypted'] as const)
      .filter((option) => mapping[option] !== undefined)
      .map((option) => ({ path: [...path, option], message: `cannot stand here: '${device}' becomes what is on the instance's volume` }))
  })
}
