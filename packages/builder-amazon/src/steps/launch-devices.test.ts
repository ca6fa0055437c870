import { expect, test } from 'vitest'

import { debian } from '../../test/fake-job.ts'
import { launchDevices } from './launch-devices.ts'

test('an image whose volumes go with their instance is taken as it is', () => {
  expect(launchDevices(debian, {}, {})).toEqual([])
})

test('volumes that would stay go with the instance', () => {
  const source = { ...debian, volumes: debian.volumes.map((volume) => ({ ...volume, deleteOnTermination: false })) }
  expect(launchDevices(source, {}, {})).toEqual([{ DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true } }])
})

test('an AMI that is to be encrypted is so from the start, with new volumes and old', () => {
  const blockDevices = [
    { device: '/dev/sdf', size: 5 },
    { device: '/dev/sdg', snapshotId: 'snap-2', encrypted: true, kmsKey: 'own' },
  ]
  expect(launchDevices(debian, { blockDevices }, { encrypt: true, kmsKey: 'key' })).toEqual([
    { DeviceName: '/dev/sdf', Ebs: { VolumeType: 'gp3', Encrypted: true, KmsKeyId: 'key', DeleteOnTermination: true, VolumeSize: 5 } },
    {
      DeviceName: '/dev/sdg',
      Ebs: { VolumeType: 'gp3', Encrypted: true, KmsKeyId: 'own', DeleteOnTermination: true, SnapshotId: 'snap-2' },
    },
    { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true, Encrypted: true, KmsKeyId: 'key' } },
  ])
})

test('the root volume can be larger, and keeps its type', () => {
  expect(launchDevices(debian, { blockDevices: [{ device: '/dev/xvda', size: 20 }] }, {})).toEqual([
    { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true, VolumeSize: 20 } },
  ])
})

test('devices that are not wanted, or are the own disks of the instance', () => {
  const blockDevices = [
    { device: '/dev/sdb', none: true },
    { device: '/dev/sdc', ephemeral: 'ephemeral1' },
  ] as const
  const devices = launchDevices(debian, { blockDevices, noEphemeral: true }, {})
  expect(devices.slice(0, 2)).toEqual([
    { DeviceName: '/dev/sdb', NoDevice: '' },
    { DeviceName: '/dev/sdc', VirtualName: 'ephemeral1' },
  ])
  expect(devices.slice(2).map(({ DeviceName }) => DeviceName)).toHaveLength(24)
  expect(devices.at(2)).toEqual({ DeviceName: 'xvdca', NoDevice: '' })
})

test('volumes that are encrypted cannot be made plain', () => {
  const source = { ...debian, volumes: debian.volumes.map((volume) => ({ ...volume, encrypted: true })) }
  expect(() => launchDevices(source, {}, { encrypt: false })).toThrow(
    'ami.encrypt is false, and the source AMI ami-0123456789abcdef0 has encrypted volumes',
  )
})
