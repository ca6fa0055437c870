import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { defineImage, secret } from '@imago/core'
import { afterEach, expect, test, vi } from 'vitest'

import { amazonEbs, findAmi } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { connectAws } from '../src/aws/connect.ts'
import { emulated } from './emulated.ts'

afterEach(() => vi.unstubAllEnvs())

const query = { owners: ['136693071363'], name: 'debian-12-amd64-*' } as const
const roleArn = 'arn:aws:iam::123456789012:role/vmimport'
const rejection = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

/** Takes the credentials of the environment away. */
function withoutKeys(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
}

test('the region comes from the options, AWS_REGION, AWS_DEFAULT_REGION, or the profile', () =>
  emulated({}, async ({ directory }) => {
    const config = join(directory, 'config')
    await writeFile(config, '[default]\nregion = eu-west-3\n')
    vi.stubEnv('AWS_CONFIG_FILE', config)
    expect((await findAmi(query)).region).toBe('eu-west-3')
    vi.stubEnv('AWS_DEFAULT_REGION', 'eu-west-2')
    expect((await findAmi(query)).region).toBe('eu-west-2')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    expect((await findAmi(query)).region).toBe('eu-west-1')
    expect((await findAmi({ ...query, region: 'us-east-2' })).region).toBe('us-east-2')
  }))

test('without a region anywhere, one is asked for', () =>
  emulated({}, async ({ directory }) => {
    vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'none'))
    expect(await rejection(findAmi(query))).toMatchObject({ code: 'USAGE', message: 'no region is named' })
  }))

test('keys come from the definition, or from a profile of a file', () =>
  emulated({}, async ({ directory }) => {
    withoutKeys()
    expect(await rejection(findAmi({ ...query, region: 'eu-west-1' }))).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    const keys = { accessKeyId: 'AKIADEFINITION', secretAccessKey: secret('very secret') }
    expect((await findAmi({ ...query, region: 'eu-west-1', access: { keys } })).region).toBe('eu-west-1')
    const credentialsFile = join(directory, 'credentials')
    await writeFile(credentialsFile, '[build]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n')
    const access = { profile: 'build', credentialsFile, instanceMetadata: false }
    expect((await findAmi({ ...query, region: 'eu-west-1', access })).region).toBe('eu-west-1')
  }))

test('a role is taken on once for all builds, and its code used once', () =>
  emulated({}, async (aws) => {
    const access = {
      assumeRole: { roleArn, duration: '30m', externalId: 'x' },
      mfaSerial: 'arn:aws:iam::123456789012:mfa/me',
      mfaCode: secret('123456'),
    } as const
    const options: AmazonEbsOptions = {
      region: 'us-west-2',
      access,
      sourceAmi: query,
      instanceType: 't3.small',
      connect: { communicator: 'none' },
      ami: false,
    }
    const two = amazonEbs({ ...options, region: 'eu-west-1' })
    const three = amazonEbs({ ...options, launch: { tags: { number: 'three' } } })
    const image = defineImage({ name: 'cow', builders: { one: amazonEbs(options), two, three } })
    const { builds } = await aws.run(image)
    expect(builds.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    expect(aws.emulator.journal.calls('AssumeRole').map(({ input }) => input)).toEqual([
      expect.objectContaining({ RoleArn: roleArn, DurationSeconds: 1800, ExternalId: 'x', TokenCode: '123456', RoleSessionName: 'imago' }),
    ])
    expect(aws.emulator.leftovers()).toEqual([])
  }))

test('keys come from Vault', () =>
  emulated({}, async () => {
    withoutKeys()
    const asked: string[] = []
    const vault = createServer((request, response) => {
      asked.push(`${request.url ?? ''} ${String(request.headers['x-vault-token'])}`)
      const data = { access_key: 'AKIAVAULT', secret_key: 'secret', security_token: null }
      response.end(JSON.stringify({ lease_duration: 3600, data }))
    })
    vault.listen(0, '127.0.0.1')
    await once(vault, 'listening')
    try {
      vi.stubEnv('VAULT_ADDR', `http://127.0.0.1:${(vault.address() as AddressInfo).port}`)
      vi.stubEnv('VAULT_TOKEN', 'token')
      const found = await findAmi({ ...query, region: 'eu-west-1', access: { vault: { role: 'build', engine: 'cows', ttl: '1h' } } })
      expect(found.region).toBe('eu-west-1')
      expect(asked).toEqual(['/v1/cows/sts/build?ttl=1h token'])
    } finally {
      vault.close()
    }
  }))

test('an endpoint of the options stands for EC2', () =>
  emulated({}, async ({ emulator }) => {
    vi.stubEnv('AWS_ENDPOINT_URL', undefined)
    const found = await findAmi({ ...query, region: 'eu-west-1', access: { endpoint: emulator.endpoint } })
    expect(found.id).toMatch(/^ami-/)
  }))

test('a coded message about a missing permission is decoded when one asks for it', () =>
  emulated({}, async ({ emulator }) => {
    const message = 'You are not authorized to perform this operation. Encoded authorization failure message: abc'
    emulator.faults.inject({ type: 'error', operation: 'DescribeImages', code: 'UnauthorizedOperation', message, times: Infinity })
    expect(await rejection(findAmi({ ...query, region: 'eu-west-1' }))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      hint: expect.stringContaining('decodeErrors'),
    })
    await rejection(findAmi({ ...query, region: 'eu-west-1', access: { decodeErrors: true } }))
    expect(emulator.journal.counts()).toMatchObject({ DecodeAuthorizationMessage: 1 })
  }))

test('an endpoint that nobody answers at is told, with what to check', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
  const error = await rejection(findAmi({ ...query, region: 'eu-west-1', access: { maxAttempts: 1 } }))
  expect(error).toMatchObject({
    code: 'NETWORK',
    message: expect.stringMatching(/^ec2 in eu-west-1 cannot be reached for DescribeImages: .*ECONNREFUSED/),
  })
})

test('builds with the same access share one connection, and no secret is in what the journal keeps', () =>
  emulated({}, async () => {
    const place = {
      region: 'eu-west-1',
      access: { assumeRole: { roleArn }, keys: { accessKeyId: 'AKIA1', secretAccessKey: secret('hush hush') } },
    }
    const [one, two, other] = await Promise.all([connectAws(place), connectAws(place), connectAws({ ...place, region: 'eu-west-2' })])
    expect(one).toBe(two)
    expect(one).not.toBe(other)
    expect(one.reference).toEqual({ region: 'eu-west-1', roleArn })
  }))
