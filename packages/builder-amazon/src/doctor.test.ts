import { ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { fakeAws, refusal } from '../test/fake-aws.ts'
import { doctor } from './doctor.ts'
import type { AwsPlace } from './options/access.ts'

const { signal } = new AbortController()
const identity = { GetCallerIdentity: () => ({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/cow' }) }

test('says who we are, and where', async () => {
  const [check] = await doctor(signal, () => Promise.resolve(fakeAws(identity)))
  expect(check).toEqual({
    name: 'AWS credentials',
    status: 'ok',
    detail: 'account 123456789012 as arn:aws:iam::123456789012:user/cow, region eu-west-1',
  })
})

test('asks in any region when the environment names none', async () => {
  const connect = ({ region }: AwsPlace) =>
    region === undefined ? Promise.reject(new ImagoError('USAGE', 'no region is named')) : Promise.resolve(fakeAws(identity, region))
  const [check] = await doctor(signal, connect)
  expect(check).toMatchObject({ status: 'ok', detail: expect.stringContaining('no region in the environment') })
})

test('says why nothing can be built', async () => {
  const [check] = await doctor(signal, () =>
    Promise.resolve(fakeAws({ GetCallerIdentity: () => refusal('ExpiredToken', 'it has expired', 403) })),
  )
  expect(check).toMatchObject({ status: 'missing', detail: 'sts in eu-west-1 refuses GetCallerIdentity (ExpiredToken): it has expired' })
})
