import { ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { refusal } from '../../test/fake-aws.ts'
import { awsCode, hasAwsCode, isNotFound, isPassing, toAwsError } from './aws-error.ts'

const { signal } = new AbortController()
const call = { service: 'ec2', operation: 'RunInstances', region: 'eu-west-1', signal }

test.for([
  ['UnauthorizedOperation', 403, 'AUTHENTICATION_FAILED'],
  ['AuthFailure', 401, 'AUTHENTICATION_FAILED'],
  ['ExpiredToken', 403, 'AUTHENTICATION_FAILED'],
  ['InvalidAMIID.NotFound', 400, 'IMAGE_NOT_FOUND'],
  ['RequestLimitExceeded', 503, 'PROVIDER_UNAVAILABLE'],
  ['InvalidParameterValue', 400, 'PROVIDER_FAILED'],
] as const)('%s is %3$s', ([code, status, ours]) => {
  const error = toAwsError(refusal(code, 'it says no', status), call)
  expect(error).toMatchObject({ code: ours, message: `ec2 in eu-west-1 refuses RunInstances (${code}): it says no` })
  expect(awsCode(error)).toBe(code)
})

test('a permission that is missing is named, with how to get it', () => {
  expect(toAwsError(refusal('UnauthorizedOperation', 'no', 403), call).hint).toContain(
    "the action ec2:RunInstances: 'imago policy' writes a policy",
  )
})

test('what AWS has decoded takes the place of its code', () => {
  const error = refusal('UnauthorizedOperation', 'You may not. Encoded authorization failure message: xyz', 403)
  expect(toAwsError(error, { ...call, decoded: '{"allowed":false}' }).message).toBe(
    'ec2 in eu-west-1 refuses RunInstances (UnauthorizedOperation): You may not. {"allowed":false}',
  )
})

test('a network that is away, and a region that does not exist', () => {
  const error = toAwsError(Object.assign(new Error('getaddrinfo ENOTFOUND ec2.eu-west-9.amazonaws.com'), { code: 'ENOTFOUND' }), {
    ...call,
    region: 'eu-west-9',
  })
  expect(error).toMatchObject({ code: 'NETWORK', hint: "is there a region 'eu-west-9'?" })
  expect(isPassing(error)).toBe(true)
  expect(toAwsError(Object.assign(new Error('late'), { name: 'TimeoutError' }), call).code).toBe('NETWORK')
})

test('a cancelled call is cancelled, and what is ours stays as it is', () => {
  const cancel = new AbortController()
  cancel.abort()
  expect(toAwsError(new Error('aborted'), { ...call, signal: cancel.signal }).code).toBe('CANCELLED')
  const ours = new ImagoError('USAGE', 'x')
  expect(toAwsError(ours, call)).toBe(ours)
})

test('errors are told apart', () => {
  const wrapped = (code: string, status?: number): ImagoError => toAwsError(refusal(code, code, status), call)
  expect([wrapped('InvalidGroup.NotFound'), wrapped('NoSuchEntityException'), wrapped('InvalidAMIID.Unavailable')].map(isNotFound)).toEqual(
    [true, true, false],
  )
  expect(
    [wrapped('Throttling'), wrapped('InternalError', 500), wrapped('Whatever', 502), wrapped('AuthFailure', 401)].map(isPassing),
  ).toEqual([true, true, true, false])
  expect(hasAwsCode(wrapped('InvalidSnapshot.InUse'), ['InvalidSnapshot.*'])).toBe(true)
  expect(hasAwsCode(wrapped('InvalidSnapshot.InUse'), ['InvalidSnapshot'])).toBe(false)
})
