import { expect, test } from 'vitest'

import { refusal } from '../../test/fake-aws.ts'
import type { FakeAnswers } from '../../test/fake-aws.ts'
import { fakeJob } from '../../test/fake-job.ts'
import { stopInstance } from './stop-instance.ts'

const id = 'i-0123456789abcdef0'

async function failure(answers: FakeAnswers): Promise<unknown> {
  const GetConsoleOutput = () => ({ Output: Buffer.from('disk on fire').toString('base64') })
  return await stopInstance(fakeJob({ GetConsoleOutput, ...answers }), { sourceAmi: 'ami-1', instanceType: 't3.small' }, id).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )
}

const StopInstances = () => refusal('IncorrectInstanceState', 'it is terminated')

test('an instance that ended just before it is stopped is told as such, with the reason', async () => {
  const StateReason = { Message: 'Server.InternalError: Internal error' }
  const DescribeInstances = () => ({
    Reservations: [{ Instances: [{ InstanceId: id, State: { Name: 'terminated' as const }, StateReason }] }],
  })
  expect(await failure({ StopInstances, DescribeInstances })).toMatchObject({
    code: 'MACHINE_LOST',
    message: `instance ${id} is terminated: Server.InternalError: Internal error`,
    hint: expect.stringContaining('disk on fire'),
  })
})

test('one that cannot be stopped for another reason is told as AWS does', async () => {
  const DescribeInstances = () => ({ Reservations: [{ Instances: [{ InstanceId: id, State: { Name: 'running' as const } }] }] })
  expect(await failure({ StopInstances, DescribeInstances })).toMatchObject({ code: 'PROVIDER_FAILED' })
  expect(await failure({ StopInstances: () => refusal('UnauthorizedOperation', 'no', 403) })).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
  })
})
