import { reveal } from '@imago/core'
import type { Secret } from '@imago/core'
import { expect, test } from 'vitest'

import { builderOptions, load } from '../../test/load.ts'
import { convertTemplate } from '../index.ts'

const server = 'https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/'
const builder = { type: 'docker', image: 'cow', discard: true }

interface Login {
  readonly helper: string
  readonly env?: { readonly AWS_SECRET_ACCESS_KEY: Secret }
}

test('who logs in to ECR is asked of its credential helper', async () => {
  expect(await builderOptions({ ...builder, ecr_login: true, login_server: server })).toMatchObject({ login: { helper: 'ecr-login' } })
  expect(await builderOptions({ ...builder, ecr_login: false, aws_profile: 'build' })).not.toHaveProperty('login')
  const both = { login: true, login_username: 'me', login_password: 'hush-hush' }
  expect(await builderOptions({ ...builder, ...both, ecr_login: true, login_server: server })).toMatchObject({
    login: { helper: 'ecr-login' },
  })
  const keys = { aws_access_key: 'AKIA', aws_secret_key: 'hunter22' }
  const options = await builderOptions({ ...builder, ecr_login: 'true', login_server: server, ...keys })
  const { login } = options as { readonly login: Login } // of this builder
  expect(login).toMatchObject({ helper: 'ecr-login', env: { AWS_ACCESS_KEY_ID: 'AKIA' } })
  expect(login.env && reveal(login.env.AWS_SECRET_ACCESS_KEY)).toBe('hunter22')
})

test('and who pushes there', async () => {
  const push = { type: 'docker-push', ecr_login: true, login_server: server, aws_profile: '{{user `profile`}}' }
  const template = { variables: { profile: 'build' }, builders: [{ ...builder, discard: false, commit: true }], 'post-processors': [push] }
  const { image, warnings } = await load(template)
  expect(image.postProcessors[0]?.[0]?.options).toEqual({
    login: { helper: 'ecr-login', env: { AWS_PROFILE: 'build' }, registry: '123456789012.dkr.ecr.eu-west-1.amazonaws.com' },
  })
  expect(warnings).toMatchObject([{ message: expect.stringContaining("'docker-credential-ecr-login'") }])
  const { code } = await convertTemplate({ path: 'template.json', text: JSON.stringify(template) }, { directory: '/work' })
  expect(code).toMatch(/login: \{\s+helper: 'ecr-login',\s+env: \{ AWS_PROFILE: p\.profile \},/)
})

test('ECR needs to be named', async () => {
  await expect(load({ builders: [{ ...builder, ecr_login: true }] })).rejects.toThrow("'ecr_login' needs 'login_server'")
})
