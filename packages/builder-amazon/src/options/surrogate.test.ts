import { expect, test } from 'vitest'

import type { SurrogateAmiOptions } from './surrogate.ts'
import { surrogateIssues } from './surrogate.ts'

const launch = {
  blockDevices: [
    { device: '/dev/sdf', size: 8 },
    { device: '/dev/sdg', size: 1 },
    { device: '/dev/sdh', size: 1 },
  ],
}

function messages(ami: Partial<SurrogateAmiOptions>): readonly string[] {
  const whole = { name: 'cow', rootDevice: { source: '/dev/sdf' }, ...ami } as SurrogateAmiOptions // each row leaves it one of its kinds
  return surrogateIssues(whole, launch).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('what is not among the volumes of the instance is named', () => {
  expect(messages({})).toEqual([])
  expect(messages({ rootDevice: { source: '/dev/sdx' }, omitDevices: ['/dev/sdy'] })).toEqual([
    "ami.rootDevice.source: '/dev/sdx' is no volume of launch.blockDevices",
    "ami.omitDevices.0: '/dev/sdy' is no volume of launch.blockDevices",
  ])
})

test('devices of the AMI can change those of the instance, add others, and take the place of those that are left out', () => {
  const blockDevices = [
    { device: '/dev/sdg', size: 2 },
    { device: '/dev/sdh', none: true },
    { device: '/dev/sdi', snapshotId: 'snap-0123456789abcdef0' },
  ] as const
  expect(messages({ omitDevices: ['/dev/sdh'], blockDevices })).toEqual([])
})

test('what AWS would not take of them is named', () => {
  const blockDevices = [
    { device: '/dev/xvda', size: 9 },
    { device: '/dev/sdg', snapshotId: 'snap-0123456789abcdef0', encrypted: true },
    { device: '/dev/sdh', none: true },
  ] as const
  expect(messages({ blockDevices })).toEqual([
    "ami.blockDevices.0.device: '/dev/xvda' is the root device: its options are those of ami.rootDevice",
    "ami.blockDevices.1.snapshotId: cannot stand here: '/dev/sdg' becomes what is on the instance's volume",
    "ami.blockDevices.1.encrypted: cannot stand here: '/dev/sdg' becomes what is on the instance's volume",
    "ami.blockDevices.2.device: '/dev/sdh' is a volume of launch.blockDevices, which the AMI gets",
  ])
  expect(messages({ useCreateImage: true, blockDevices })).toEqual([])
})
