import { buildContext } from '@imago/testing'

import type { Image } from '../src/aws/images.ts'
import { ownOf } from '../src/aws/own.ts'
import type { Job } from '../src/job.ts'
import { pollingOf } from '../src/options/polling.ts'
import type { FakeAnswers, FakeAws } from './fake-aws.ts'
import { fakeAws } from './fake-aws.ts'

/** A job at a fake AWS. */
export interface FakeJob extends Job {
  readonly aws: FakeAws
  readonly ctx: ReturnType<typeof buildContext>
}

/** Makes one. It looks again after a millisecond. */
export function fakeJob(answers: FakeAnswers, context: Parameters<typeof buildContext>[0] = {}): FakeJob {
  const ctx = buildContext({
    image: 'cow',
    build: 'aws',
    labels: { 'imago.run': 'testrun0', 'imago.image': 'cow', 'imago.build': 'aws', 'imago.owner': 'me' },
    ...context,
  })
  return {
    ctx,
    aws: fakeAws(answers),
    own: ownOf(ctx, '1d'),
    polling: pollingOf({ interval: 1, timeout: 200, imageTimeout: 200 }),
    now: new Date('2026-11-22T10:15:00Z'),
  }
}

/** Debian's image. */
export const debian: Image = {
  id: 'ami-0123456789abcdef0',
  name: 'debian-12',
  state: 'available',
  reason: undefined,
  ownerId: '136693071363',
  ownerAlias: '',
  creationDate: '2026-11-10T00:00:00.000Z',
  architecture: 'x86_64',
  virtualizationType: 'hvm',
  rootDevice: '/dev/xvda',
  rootDeviceType: 'ebs',
  isWindows: false,
  isProtected: false,
  volumes: [{ device: '/dev/xvda', snapshotId: 'snap-1', deleteOnTermination: true, encrypted: false }],
  tags: {},
}
