import { defineImage } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { expectTypeOf, test } from 'vitest'

import { amazonEbs } from './amazon-ebs.ts'
import type { AmiArtifact, DiscardedInstance } from './ami-artifact.ts'

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
  // @ts-expect-error no AMI is named
  amazonEbs({ ...base })
  // @ts-expect-error a file or text
  amazonEbs({ ...base, ami: false, launch: { userData: { path: 'x' } } })
  // @ts-expect-error owners are required
  amazonEbs({ ...base, ami: false, sourceAmi: { name: 'debian' } })
  // @ts-expect-error a reservation or a group of them
  amazonEbs({ ...base, ami: false, launch: { capacityReservation: { id: 'cr-1', group: 'arn' } } })
  // @ts-expect-error an instance that is not entered has no user
  amazonEbs({ ...base, ami: false, connect: { communicator: 'none', user: 'admin' } })
})
