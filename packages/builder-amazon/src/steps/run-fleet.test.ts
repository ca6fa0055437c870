import { expect, test } from 'vitest'

import type { FakeAnswers } from '../../test/fake-aws.ts'
import { debian, fakeJob } from '../../test/fake-job.ts'
import { runFleet } from './run-fleet.ts'

const options = { region: 'eu-west-1', sourceAmi: debian.id, instanceType: 't3.small', spot: {} } as const
const parts = {
  source: debian,
  devices: [],
  groups: ['sg-1'],
  keyName: undefined,
  profile: 'profile',
  userData: undefined,
  tags: { instance: {}, volume: {} },
}
const network = { vpcId: undefined, places: [undefined], others: () => Promise.resolve([]) }
const tags = { request: {}, fleet: {} }

function fleet(answer: NonNullable<FakeAnswers['CreateFleet']>) {
  const job = fakeJob({ CreateLaunchTemplate: () => ({ LaunchTemplate: { LaunchTemplateId: 'lt-1' } }), CreateFleet: answer })
  return { job, started: runFleet(job, options, parts, network, tags) }
}

const unknownProfile = {
  ErrorCode: 'InvalidParameterValue',
  ErrorMessage: 'Value (profile) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
}

test('a profile that not all of AWS knows yet is waited for, with another fleet each time', async () => {
  const { job, started } = fleet((_, { count }) => (count < 3 ? { Errors: [unknownProfile] } : { Instances: [{ InstanceIds: ['i-1'] }] }))
  expect((await started).value).toBe('i-1')
  const tokens = job.aws.inputs('CreateFleet').map(({ ClientToken }) => ClientToken)
  expect(new Set(tokens).size).toBe(3)
})

test('what will not pass is told at once, every reason once', async () => {
  const noRoom = { ErrorCode: 'InsufficientInstanceCapacity', ErrorMessage: 'no room' }
  const { job, started } = fleet(() => ({ Errors: [noRoom, noRoom, unknownProfile] }))
  await expect(started).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: `no spot instance of t3.small in eu-west-1: InsufficientInstanceCapacity: no room; InvalidParameterValue: ${unknownProfile.ErrorMessage}`,
  })
  expect(job.aws.inputs('CreateFleet')).toHaveLength(1)
})
