import { expect, test } from 'vitest'

import { fakeJob } from '../../test/fake-job.ts'
import { waitForImage } from './wait-image.ts'

const id = 'ami-0123456789abcdef0'
const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-1' } }]

test('says how far the snapshots of an image are', async () => {
  const job = fakeJob({
    DescribeImages: (_, { count }) => ({ Images: [{ ImageId: id, State: count < 3 ? 'pending' : 'available', BlockDeviceMappings }] }),
    DescribeSnapshots: () => ({ Snapshots: [{ Progress: '43%' }, { Progress: '87%' }] }),
  })
  expect(await waitForImage(job, job.aws, id, 'the-name')).toMatchObject({ id, state: 'available' })
  expect(job.ctx.said.events.filter(({ type }) => type === 'progress')).toMatchObject([
    { task: 'snapshots in eu-west-1', done: 65, total: 100, unit: 'percent' },
  ])
  expect(job.aws.inputs('DescribeSnapshots')[0]?.Filters).toEqual([{ Name: 'tag:imago.name', Values: ['the-name'] }])
})

test('waits on when it may not look at snapshots', async () => {
  const job = fakeJob({
    DescribeImages: (_, { count }) => ({ Images: [{ ImageId: id, State: count < 2 ? 'pending' : 'available', BlockDeviceMappings }] }),
    DescribeSnapshots: () => new Error('no'),
  })
  expect(await waitForImage(job, job.aws, id, 'the-name')).toMatchObject({ state: 'available' })
})
