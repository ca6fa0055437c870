import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { defineImage } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { describe, expect, test } from 'vitest'

import { amazonImport, ebsSurrogate, ebsVolume } from '../src/index.ts'
import type { AmazonImportOptions, EbsVolumeOptions } from '../src/index.ts'
import type { AmiOptions } from '../src/options/ami.ts'
import type { BlockDevice } from '../src/options/block-device.ts'
import type { BuiltVolume } from '../src/options/built-volume.ts'
import type { SurrogateAmiBase } from '../src/options/surrogate.ts'
import { emulated } from './emulated.ts'
import { requests, tagged } from './requests.ts'

/* As requests.test.ts, for what the other builders and the import have beside the options of amazonEbs. */

const instance = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: 10 },
} as const satisfies Partial<EbsVolumeOptions>

const kmsKey = 'arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
const account = '210987654321'
const devices = { blockDevices: [{ device: '/dev/sdf', size: 8 }] } as const

/** What the last request has. */
interface Row {
  readonly operation: string
  readonly asks: object
  readonly never?: object
}

type SurrogateOptions = Omit<SurrogateAmiBase, keyof AmiOptions>
const surrogate: Readonly<Record<keyof SurrogateOptions, Row & { readonly options: Partial<SurrogateOptions> }>> = {
  rootDevice: {
    options: { rootDevice: { source: '/dev/sdf', device: '/dev/sda1', size: 9, type: 'io1', iops: 200, deleteOnTermination: false } },
    operation: 'RegisterImage',
    asks: {
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 9, VolumeType: 'io1', Iops: 200, DeleteOnTermination: false } },
        { DeviceName: '/dev/sdg' },
      ],
    },
  },
  omitDevices: {
    options: { omitDevices: ['/dev/sdg'] },
    operation: 'RegisterImage',
    asks: { BlockDeviceMappings: [{ DeviceName: '/dev/xvda' }] },
  },
  architecture: { options: { architecture: 'arm64' }, operation: 'RegisterImage', asks: { Architecture: 'arm64' } },
  virtualizationType: {
    options: { virtualizationType: 'paravirtual' },
    operation: 'RegisterImage',
    asks: { VirtualizationType: 'paravirtual' },
    never: { EnaSupport: true },
  },
  bootMode: { options: { bootMode: 'uefi-preferred' }, operation: 'RegisterImage', asks: { BootMode: 'uefi-preferred' } },
  uefiData: { options: { uefiData: 'data', bootMode: 'uefi' }, operation: 'RegisterImage', asks: { UefiData: 'data' } },
  tpmSupport: { options: { tpmSupport: 'v2.0', bootMode: 'uefi' }, operation: 'RegisterImage', asks: { TpmSupport: 'v2.0' } },
  useCreateImage: { options: { useCreateImage: true }, operation: 'CreateImage', asks: { Name: 'cow' } },
}

describe('ebsSurrogate', () => {
  test.for(Object.entries(surrogate))('%s', ([, { options, operation, asks, never }]) =>
    emulated({ leavesMore: true }, async (aws) => {
      const launched = { blockDevices: [...devices.blockDevices, { device: '/dev/sdg', size: 1 }] }
      const made = { name: 'cow', rootDevice: { source: '/dev/sdf' }, ...options }
      const { calls } = await aws.run(
        defineImage({ name: 'cow', builders: { aws: ebsSurrogate({ ...instance, launch: launched, ami: made }) } }),
      )
      expect(requests(calls, operation).slice(-1)).toMatchObject([asks])
      expect(requests(calls, operation).slice(-1)).not.toMatchObject([never ?? { none: 'none' }])
    }),
  )
})

type BuiltOptions = Omit<BuiltVolume, keyof BlockDevice> & {
  readonly description: never
  readonly snapshotTags: never
  readonly shareWith: never
}
const volumes: Readonly<Record<keyof BuiltOptions, Row & { readonly options: Partial<BuiltVolume> }>> = {
  tags: {
    options: { tags: { cow: 'moo' } },
    operation: 'CreateTags',
    asks: { Tags: expect.arrayContaining([{ Key: 'cow', Value: 'moo' }]) },
  },
  snapshot: { options: { snapshot: {} }, operation: 'CreateSnapshot', asks: { Description: '/dev/sdf of cow aws' } },
  description: { options: { snapshot: { description: 'a cow' } }, operation: 'CreateSnapshot', asks: { Description: 'a cow' } },
  snapshotTags: {
    options: { snapshot: { tags: { cow: 'moo' } } },
    operation: 'CreateSnapshot',
    asks: { TagSpecifications: tagged('snapshot', 'cow') },
  },
  shareWith: {
    options: { snapshot: { shareWith: { accounts: [account] } } },
    operation: 'ModifySnapshotAttribute',
    asks: { CreateVolumePermission: { Add: [{ UserId: account }] } },
  },
}

describe('ebsVolume', () => {
  test.for(Object.entries(volumes))('%s', ([, { options, operation, asks }]) =>
    emulated({}, async (aws) => {
      const builder = ebsVolume({ ...instance, volumes: [{ device: '/dev/sdf', size: 1, ...options }] })
      const { calls } = await aws.run(defineImage({ name: 'cow', builders: { aws: builder } }))
      expect(requests(calls, operation).slice(-1)).toMatchObject([asks])
    }),
  )
})

type ImportOptions = Omit<AmazonImportOptions, 'region' | 'access' | 'polling' | 'ami'>
const imports: Readonly<Record<keyof ImportOptions, Row & { readonly options: Partial<ImportOptions> }>> = {
  bucket: {
    options: { bucket: 'others' },
    operation: 'ImportImage',
    asks: { DiskContainers: [{ Format: 'RAW', UserBucket: { S3Bucket: 'others' } }] },
  },
  key: { options: { key: 'cow.raw' }, operation: 'CreateMultipartUpload', asks: { Bucket: 'imports', Key: 'cow.raw' } },
  objectEncryption: {
    options: { objectEncryption: { kmsKey } },
    operation: 'CreateMultipartUpload',
    asks: { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey },
  },
  keepObject: { options: { keepObject: true }, operation: 'DeleteObject', asks: [] },
  format: { options: { format: 'vhd' }, operation: 'ImportImage', asks: { DiskContainers: [{ Format: 'VHD' }] } },
  architecture: { options: { architecture: 'arm64' }, operation: 'ImportImage', asks: { Architecture: 'arm64' } },
  bootMode: { options: { bootMode: 'uefi' }, operation: 'ImportImage', asks: { BootMode: 'uefi' } },
  platform: { options: { platform: 'windows' }, operation: 'ImportImage', asks: { Platform: 'Windows' } },
  licenseType: { options: { licenseType: 'BYOL' }, operation: 'ImportImage', asks: { LicenseType: 'BYOL' } },
  roleName: { options: { roleName: 'vmimport' }, operation: 'ImportImage', asks: { RoleName: 'vmimport' } },
}

describe('amazonImport', () => {
  test.for(Object.entries(imports))('%s', ([, { options, operation, asks }]) =>
    emulated({ buckets: ['imports', 'others'], leavesMore: true }, async (aws) => {
      const path = join(aws.directory, 'disk.raw')
      await writeFile(path, Buffer.alloc(6 * 1024 * 1024, 1))
      const step = amazonImport({ region: 'us-west-2', bucket: 'imports', polling: { interval: 10 }, ...options })
      await step
        .process({ type: 'disk', id: path, files: [{ path, size: 6 * 1024 * 1024 }] }, postProcessContext())
        .catch(() => 'AWS looks at the disk, which is none of most kinds')
      expect(requests(aws.emulator.journal.calls(), operation).slice(-1)).toMatchObject(Array.isArray(asks) ? asks : [asks])
    }),
  )
})
