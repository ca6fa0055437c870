import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { reveal, secret } from '@imago/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { HelperLogin } from './helper-login.ts'
import { helperCredentials } from './helper-login.ts'

let folder = ''
const helper = (script: string): Promise<void> =>
  writeFile(join(folder, 'docker-credential-ecr-login'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-helper-'))
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'

async function asked(login: Partial<HelperLogin> = {}, masked: string[] = []): Promise<unknown> {
  const maskSecret = (value: string): void => void masked.push(value)
  const found = await helperCredentials({ helper: 'ecr-login', ...login }, registry, { signal: AbortSignal.timeout(60_000), maskSecret })
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, reveal(value)]))
}

test('a helper is asked for the registry, with the environment that it is given', async () => {
  await helper(`read server; echo "{\\"Username\\":\\"AWS\\",\\"Secret\\":\\"$1 $server $AWS_PROFILE $AWS_SECRET_ACCESS_KEY\\"}"`)
  const masked: string[] = []
  expect(await asked({ env: { AWS_PROFILE: 'build', AWS_SECRET_ACCESS_KEY: secret('clover') } }, masked)).toEqual({
    username: 'AWS',
    password: `get ${registry} build clover`,
  })
  expect(masked).toEqual(['clover'])
})

test('one that has none, fails or is not there is an error', async () => {
  await helper('echo "credentials not found in native keychain"; exit 1')
  await expect(asked()).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    message: `'docker-credential-ecr-login' has no credentials for '${registry}'`,
  })
  await helper('echo "no EC2 IMDS role found"; exit 1')
  await expect(asked()).rejects.toThrow(`'docker-credential-ecr-login get' failed for '${registry}' (exit code 1): no EC2 IMDS role found`)
  await expect(asked({ helper: 'gone' })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: `there is no 'docker-credential-gone', which the login names for '${registry}'`,
  })
})
