import { isSecret, reveal } from '@imago/core'
import { expect, test } from 'vitest'

import { findAmi, parameterStore, secretsManager } from '../src/index.ts'
import { emulated } from './emulated.ts'

const region = 'us-west-2'
const rejection = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

test('findAmi finds the newest image', () =>
  emulated({}, async () => {
    const found = await findAmi({ region, owners: ['136693071363'], name: 'debian-12-amd64-*' })
    expect(found).toMatchObject({ name: 'debian-12-amd64-20261110-2291', region, owner: '136693071363', architecture: 'x86_64' })
    expect(found.id).toMatch(/^ami-/)
    expect(await rejection(findAmi({ region, owners: ['136693071363'], name: 'debian-12-amd64-*', mostRecent: false }))).toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: '2 AMIs of 136693071363 in us-west-2 have name debian-12-amd64-*',
    })
  }))

test('parameterStore reads a parameter, and a secret one as a secret', () =>
  emulated({ parameters: { '/cow/version': '1.4', '/cow/token': 'moomoo' } }, async () => {
    expect(await parameterStore({ region, name: '/cow/version' })).toBe('1.4')
    const token = await parameterStore({ region, name: '/cow/token', secret: true })
    expect(isSecret(token) && reveal(token)).toBe('moomoo')
    expect(await rejection(parameterStore({ region, name: '/none' }))).toMatchObject({ code: 'INPUT_MISSING' })
  }))

test('secretsManager reads a secret, or a member of one', () =>
  emulated({ secrets: { 'cow/db': JSON.stringify({ user: 'cow', password: 'moomoo' }), plain: 'secret' } }, async () => {
    expect(reveal(await secretsManager({ region, name: 'cow/db', key: 'password' }))).toBe('moomoo')
    expect(reveal(await secretsManager({ region, name: 'plain' }))).toBe('secret')
    expect(await rejection(secretsManager({ region, name: 'cow/db', key: 'pasword' }))).toMatchObject({ hint: "did you mean 'password'?" })
    expect(await rejection(secretsManager({ region, name: 'plain', key: 'x' }))).toMatchObject({ code: 'INPUT_MISSING' })
    expect(await rejection(secretsManager({ region, name: 'none' }))).toMatchObject({ code: 'INPUT_MISSING' })
  }))

test('a wrong question is told before anything is asked', async () => {
  const nobody: readonly string[] = []
  expect(await rejection(findAmi({ owners: nobody, name: 'x' }))).toMatchObject({ code: 'DEFINITION_INVALID' })
  expect(await rejection(parameterStore({ name: '' }))).toMatchObject({ message: 'parameterStore: name: must not be empty, not ""' })
})
