import { defineImage } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { expectTypeOf, test } from 'vitest'

import { amazonEbs } from './amazon-ebs.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'
import { ebsSurrogate } from './ebs-surrogate.ts'
import { ebsVolume } from './ebs-volume.ts'
import { amazonImport } from './import/amazon-import.ts'

const base = { sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' }, instanceType: 't3.small' } as const

test('the artifact follows from the AMI', () => {
  expectTypeOf(amazonEbs({ ...base, ami: { name: 'cow' } }).build).returns.resolves.toEqualTypeOf<AmiArtifact>()
  expectTypeOf(amazonEbs({ ...base, ami: false }).build).returns.resolves.toEqualTypeOf<DiscardedInstance>()
})

test('an image of it takes provisioners', () => {
  defineImage({
    name: 'cow',
    builders: { aws: amazonEbs({ ...base, ami: { name: 'cow' } }) },
    provisioners: [shell({ inline: ['true'], only: ['aws'] }), file({ source: 'site/', destination: '/srv/site' })],
  })
})

test('what excludes each other does not compile', () => {
  // error: Property 'ami' is missing
  amazonEbs({ ...base })
  // error: 'path' does not exist in type
  amazonEbs({ ...base, ami: false, launch: { userData: { path: 'x' } } })
  // error: Property 'owners' is missing
  amazonEbs({ ...base, ami: false, sourceAmi: { name: 'debian' } })
  // error: Type 'string' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, launch: { capacityReservation: { id: 'cr-1', group: 'arn' } } })
  // error: 'user' does not exist in type 'NoConnect'
  amazonEbs({ ...base, ami: false, connect: { communicator: 'none', user: 'admin' } })
  // error: Type '{ accessKeyId: string; secretAccessKey: string; }' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, access: { profile: 'me', keys: { accessKeyId: 'a', secretAccessKey: 'b' } } })
  // error: Type '{ role: string; }' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, access: { profile: 'me', vault: { role: 'build' } } })
  // error: Type '{ accessKeyId: string; secretAccessKey: string; }' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, access: { vault: { role: 'build' }, keys: { accessKeyId: 'a', secretAccessKey: 'b' } } })
  // error: Type 'string' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: { name: 'cow', deprecateAt: '2030-01-01T00:00:00Z', deprecateAfter: '10d' } })
  // error: Type '"caller"' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, network: { securityGroups: ['sg-01234567'], allowFrom: 'caller' } })
  // error: Type 'string' is not assignable to type 'undefined'
  amazonEbs({ ...base, ami: false, launch: { placement: { hostId: 'h-1', hostResourceGroup: 'arn' } } })
  // error: Types of property 'windowsPassword' are incompatible
  amazonEbs({ ...base, ami: false, connect: { password: 'x', windowsPassword: true } })
  // error: Type '"from-inside"' is not assignable to type '"by-imago"'
  amazonEbs({ ...base, ami: false, spot: {}, launch: { stop: 'from-inside' } })
})

test('what does not exclude each other compiles', () => {
  amazonEbs({ ...base, ami: false, access: { profile: 'me', credentialsFile: 'file', mfaCode: '123456' } })
  amazonEbs({ ...base, ami: { name: 'cow', deprecateAfter: '10d' }, network: { subnet: 'subnet-1', allowFrom: ['192.0.2.0/24'] } })
  amazonEbs({ ...base, ami: false, spot: {}, launch: { stop: 'by-imago', placement: { tenancy: 'host', hostId: 'h-1' } } })
  amazonEbs({ ...base, ami: false, launch: { stop: 'from-inside' }, connect: { windowsPassword: { timeout: '30m' } } })
})

test('so it is for the other builders, and for imports', () => {
  const launch = { blockDevices: [{ device: '/dev/sdf', size: 1 }] } as const
  // error: Type 'string' is not assignable to type '`${number}d`'
  ebsSurrogate({ ...base, launch, ami: { name: 'cow', rootDevice: { source: '/dev/sdf' }, deprecateAt: 'x', deprecateAfter: '10d' } })
  // error: Type '"caller"' is not assignable to type 'undefined'
  ebsVolume({ ...base, volumes: launch.blockDevices, network: { securityGroups: ['sg-01234567'], allowFrom: 'caller' } })
  // error: 'spot' does not exist in type 'EbsVolumeOptions'
  ebsVolume({ ...base, volumes: launch.blockDevices, spot: {} })
  // error: Type 'string' is not assignable to type 'undefined'
  amazonImport({ bucket: 'cows', ami: { deprecateAt: 'x', deprecateAfter: '10d' } })
})
