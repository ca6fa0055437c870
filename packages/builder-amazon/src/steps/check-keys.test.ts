import { expect, test } from 'vitest'

import type { FakeAnswers } from '../../test/fake-aws.ts'
import { fakeAws, refusal } from '../../test/fake-aws.ts'
import type { UsedKey } from '../options/used-keys.ts'
import { checkKeys } from './check-keys.ts'

const { signal } = new AbortController()
const used: UsedKey = { path: ['ami', 'kmsKey'], key: 'alias/cows', region: 'eu-west-1', isShared: false }

async function check(DescribeKey: NonNullable<FakeAnswers['DescribeKey']>, ...keys: readonly UsedKey[]) {
  const aws = fakeAws({ DescribeKey })
  const { issues, unseen } = await checkKeys(aws, keys.length > 0 ? keys : [used], { signal })
  return { aws, unseen, messages: issues.map(({ path, message }) => `${path.join('.')}: ${message}`) }
}

const described = (metadata: object): NonNullable<FakeAnswers['DescribeKey']> => {
  return () => ({
    KeyMetadata: { KeyId: '0', KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT', ...metadata },
  })
}

test('a key is looked up once in each region that it is used in, however many options name it', async () => {
  const irish = { ...used, region: 'eu-west-1' }
  const { aws, messages } = await check(
    described({}),
    irish,
    { ...irish, path: ['launch', 'blockDevices', 0, 'kmsKey'] },
    { ...used, region: undefined, key: 'alias/own' },
    { ...used, region: 'us-east-1' },
  )
  expect(messages).toEqual([])
  expect(aws.calls.map(({ region, input }) => [region, input])).toEqual([
    ['eu-west-1', { KeyId: 'alias/cows' }],
    ['eu-west-1', { KeyId: 'alias/own' }],
    ['us-east-1', { KeyId: 'alias/cows' }],
  ])
})

test('each option that names a key which is not there is told', async () => {
  const device = { ...used, path: ['launch', 'blockDevices', 0, 'kmsKey'] }
  expect((await check(() => refusal('NotFoundException'), used, device)).messages).toEqual([
    "ami.kmsKey: there is no KMS key 'alias/cows' in eu-west-1",
    "launch.blockDevices.0.kmsKey: there is no KMS key 'alias/cows' in eu-west-1",
  ])
})

test.for([
  ['Enabled', undefined],
  ['Updating', undefined],
  ['Disabled', 'is disabled'],
  ['PendingDeletion', 'is about to be deleted'],
  ['PendingReplicaDeletion', 'is about to be deleted'],
  ['Creating', 'cannot be used yet'],
  ['PendingImport', 'has no key material yet'],
  ['Unavailable', 'is not available: its key store is not connected'],
] as const)('a key that is %s', async ([KeyState, told]) => {
  expect((await check(described({ KeyState }))).messages).toEqual(
    told === undefined ? [] : [`ami.kmsKey: the KMS key 'alias/cows' in eu-west-1 ${told}`],
  )
})

test('a key of another kind', async () => {
  expect((await check(described({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }))).messages).toEqual([
    "ami.kmsKey: the KMS key 'alias/cows' in eu-west-1 is of the kind RSA_2048 for SIGN_VERIFY, and it takes a symmetric one",
  ])
})

test("a key of Amazon's is refused where others are to use what it encrypts", async () => {
  const managed = described({ KeyManager: 'AWS' })
  expect((await check(managed)).messages).toEqual([])
  expect((await check(managed, { ...used, isShared: true })).messages).toEqual([
    "ami.kmsKey: 'alias/cows' is a key that AWS manages, and what is encrypted with it cannot be shared",
  ])
})

test('an ARN of another region is told without asking', async () => {
  const { aws, messages } = await check(described({}), { ...used, key: 'arn:aws:kms:us-west-2:123456789012:alias/cows' })
  expect(messages).toEqual(['ami.kmsKey: is a key of us-west-2, and is used in eu-west-1'])
  expect(aws.calls).toEqual([])
})

test('who may not look goes on', async () => {
  const { messages, unseen } = await check(() => refusal('AccessDeniedException', 'You may not'), used, { ...used, path: ['other'] })
  expect(messages).toEqual([])
  expect(unseen).toEqual([
    "it is not known whether the KMS key 'alias/cows' in eu-west-1 can be used: kms in eu-west-1 refuses DescribeKey (AccessDeniedException): You may not",
  ])
})

test('credentials that are worth nothing end it', async () => {
  await expect(check(() => refusal('ExpiredTokenException', 'expired', 403))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
})
