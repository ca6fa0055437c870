import type { Issue } from '@imago/core'
import * as v from 'valibot'

import { idOf, wholeNumber } from './text.ts'

/** What a volume is. Packer: the members of `launch_block_device_mappings` and `ami_block_device_mappings`. */
export interface VolumeOptions {
  /** GiB. Packer: `volume_size`. @default the snapshot's */
  readonly size?: number
  /** Packer: `volume_type`. @default as the source AMI says; gp3 for a new volume */
  readonly type?: 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard'
  /** Operations a second, of io1, io2 and gp3. Packer: `iops`. */
  readonly iops?: number
  /** MiB a second, of gp3. Packer: `throughput`. @default 125 */
  readonly throughput?: number
  /** Packer: `snapshot_id`. */
  readonly snapshotId?: string
  /** Packer: `encrypted`. @default as the snapshot is */
  readonly encrypted?: boolean
  /** Needs `encrypted`. Packer: `kms_key_id`. @default the account's default key */
  readonly kmsKey?: string
  /** Whether the volume goes with its instance. Packer: `delete_on_termination`, whose default is false. @default true */
  readonly deleteOnTermination?: boolean
}

/** A volume, and where the instance sees it. */
export interface BlockDevice extends VolumeOptions {
  /** `'/dev/sdf'`. Packer: `device_name`. */
  readonly device: string
}

/** A device that the instance has not, although its AMI says so; or one of its own disks. */
export type OtherDevice =
  | { readonly device: string; /** Packer: `no_device`. */ readonly none: true }
  | { readonly device: string; /** `'ephemeral0'`. Packer: `virtual_name`. */ readonly ephemeral: `ephemeral${number}` }

/** One entry of a list of block devices. */
export type DeviceMapping = BlockDevice | OtherDevice

const kmsKey = v.pipe(
  v.string(),
  v.regex(
    /^(?:arn:[\w-]+:kms:[\w-]+:\d{12}:(?:key|alias)\/[\w/-]+|alias\/[\w/-]+|(?:mrk-)?[0-9a-f-]{32,36})$/,
    "must be a KMS key: its id, its ARN, or 'alias/…'",
  ),
)
/** The schema of a KMS key. */
export const kmsKeySchema: v.GenericSchema<unknown, string> = kmsKey

/** The name of a device as AWS takes it. */
export const deviceName: v.GenericSchema<unknown, string> = v.pipe(
  v.string(),
  v.regex(/^(?:\/dev\/)?[a-z]+[a-z0-9]*$/, "must be a device such as '/dev/sdf'"),
)

/** The schemas of {@link VolumeOptions}. */
export const volumeEntries: Readonly<Record<keyof VolumeOptions, v.GenericSchema>> = {
  size: v.optional(wholeNumber(1, 65_536)),
  type: v.optional(v.picklist(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard'])),
  iops: v.optional(wholeNumber(100, 256_000)),
  throughput: v.optional(wholeNumber(125, 2000)),
  snapshotId: v.optional(idOf('snap')),
  encrypted: v.optional(v.boolean()),
  kmsKey: v.optional(kmsKey),
  deleteOnTermination: v.optional(v.boolean()),
}

const volumeDevice = v.strictObject({ device: deviceName, ...volumeEntries })
const noDevice = v.strictObject({ device: deviceName, none: v.literal(true) })
const ephemeralDevice = v.strictObject({
  device: deviceName,
  ephemeral: v.pipe(v.string(), v.regex(/^ephemeral\d{1,2}$/, "must be like 'ephemeral0'")),
})

/** The schema of a {@link DeviceMapping}; `extra` are members that only some lists have. */
export const deviceMappingSchema: v.GenericSchema = v.lazy((value): v.GenericSchema => {
  if (typeof value === 'object' && value !== null && 'none' in value) return noDevice
  return typeof value === 'object' && value !== null && 'ephemeral' in value ? ephemeralDevice : volumeDevice
})
/** The schema of a list of {@link DeviceMapping}. */
export const deviceMappingsSchema: v.GenericSchema = v.array(deviceMappingSchema)

const iopsLimits = {
  io1: { from: 100, to: 64_000, perGib: 50 },
  io2: { from: 100, to: 256_000, perGib: 1000 },
  gp3: { from: 3000, to: 80_000, perGib: 500 },
} as const

/** What options of volumes mean together. */
export function deviceIssues(mappings: unknown, path: Issue['path']): readonly Issue[] {
  if (!Array.isArray(mappings)) return []
  const devices = mappings.map((each: unknown) =>
    typeof each === 'object' && each !== null && 'device' in each && typeof each.device === 'string' ? each.device : undefined,
  )
  return mappings.flatMap((mapping: unknown, index): readonly Issue[] => {
    if (typeof mapping !== 'object' || mapping === null) return []
    const at = [...path, index]
    const twice =
      devices[index] !== undefined && devices.indexOf(devices[index]) < index
        ? [{ path: [...at, 'device'], message: `'${devices[index]}' stands there twice` }]
        : []
    return [...twice, ...volumeIssues(mapping, at)]
  })
}

/** What AWS takes for volumes of an instance that starts, and not for those that an image adds (`EbsBlockDevice` of its API). */
export function imageDeviceIssues(mappings: readonly DeviceMapping[] = [], path: Issue['path']): readonly Issue[] {
  return mappings.flatMap((mapping, index): readonly Issue[] => {
    if ('none' in mapping || 'ephemeral' in mapping) return []
    const issues: Issue[] = []
    if (mapping.kmsKey !== undefined) {
      const hint = "give it to launch.blockDevices, or to ami.kmsKey: a new volume is encrypted with the account's default key"
      issues.push({
        path: [...path, index, 'kmsKey'],
        message: 'is for volumes of the instance: AWS takes none for those that the AMI adds',
        hint,
      })
    }
    if (mapping.snapshotId !== undefined && mapping.encrypted === true) {
      issues.push({ path: [...path, index, 'encrypted'], message: 'cannot stand beside snapshotId: a snapshot keeps what it is' })
    }
    return issues
  })
}

/** What options of one volume mean together (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html). */
export function volumeIssues(volume: VolumeOptions, path: Issue['path']): readonly Issue[] {
  const { type, iops, throughput, size, encrypted, kmsKey: key, snapshotId } = volume
  const issues: Issue[] = []
  const limits = type === 'io1' || type === 'io2' || type === 'gp3' ? iopsLimits[type] : undefined
  if (iops !== undefined && type !== undefined && limits === undefined) {
    issues.push({ path: [...path, 'iops'], message: `is for volumes of type io1, io2 and gp3, not ${type}` })
  }
  if (iops === undefined && (type === 'io1' || type === 'io2')) issues.push({ path: [...path, 'iops'], message: `is required for ${type}` })
  if (iops !== undefined && limits !== undefined && (iops < limits.from || iops > limits.to)) {
    issues.push({ path: [...path, 'iops'], message: `must be ${limits.from} to ${limits.to} for ${type}, not ${iops}` })
  }
  if (iops !== undefined && limits !== undefined && size !== undefined && iops > Math.max(size * limits.perGib, limits.from)) {
    issues.push({
      path: [...path, 'iops'],
      message: `${iops} is more than the ${size * limits.perGib} that ${type} allows for ${size} GiB`,
    })
  }
  if (throughput !== undefined && type !== undefined && type !== 'gp3') {
    issues.push({ path: [...path, 'throughput'], message: `is for volumes of type gp3, not ${type}` })
  }
  if (key !== undefined && encrypted !== true) {
    issues.push({ path: [...path, 'kmsKey'], message: "needs 'encrypted: true' beside it" })
  }
  if (snapshotId !== undefined && encrypted === false) {
    issues.push({ path: [...path, 'encrypted'], message: 'cannot be false beside snapshotId: a snapshot keeps what it is' })
  }
  return issues
}

/** The snapshots that volumes are to be made of: they are there already, and whoever made them keeps them. */
export function namedSnapshots(mappings: readonly DeviceMapping[] = []): readonly string[] {
  return mappings.flatMap((mapping) => ('snapshotId' in mapping && mapping.snapshotId !== undefined ? [mapping.snapshotId] : []))
}

/** A mapping as requests hold it. */
export function mappingInput(mapping: DeviceMapping): BlockDeviceInput {
  if ('none' in mapping) return { DeviceName: mapping.device, NoDevice: '' }
  if ('ephemeral' in mapping) return { DeviceName: mapping.device, VirtualName: mapping.ephemeral }
  return { DeviceName: mapping.device, Ebs: volumeInput(mapping) }
}

/** A volume as requests hold it. */
export function volumeInput(volume: VolumeOptions): EbsInput {
  const { size, type, iops, throughput, snapshotId, encrypted, kmsKey: key, deleteOnTermination = true } = volume
  return {
    DeleteOnTermination: deleteOnTermination,
    ...(size !== undefined && { VolumeSize: size }),
    ...(type !== undefined && { VolumeType: type }),
    ...(iops !== undefined && { Iops: iops }),
    ...(throughput !== undefined && { Throughput: throughput }),
    ...(snapshotId !== undefined && { SnapshotId: snapshotId }),
    ...(encrypted !== undefined && { Encrypted: encrypted }),
    ...(key !== undefined && { KmsKeyId: key }),
  }
}

/** A volume of a request. */
export interface EbsInput {
  DeleteOnTermination: boolean
  VolumeSize?: number
  VolumeType?: NonNullable<VolumeOptions['type']>
  Iops?: number
  Throughput?: number
  SnapshotId?: string
  Encrypted?: boolean
  KmsKeyId?: string
}

/** A mapping of a request. */
export interface BlockDeviceInput {
  DeviceName: string
  NoDevice?: string
  VirtualName?: string
  Ebs?: EbsInput
}
