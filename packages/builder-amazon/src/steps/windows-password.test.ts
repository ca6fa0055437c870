import { constants, generateKeyPairSync, publicEncrypt } from 'node:crypto'

import { reveal, secret } from '@imago/core'
import { expect, test } from 'vitest'

import { fakeJob } from '../../test/fake-job.ts'
import { checkWindowsKey, windowsPassword } from './windows-password.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const encrypted = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from('moo(Moo)')).toString('base64')

test('waits for the password, decrypts it, and keeps it secret', async () => {
  const job = fakeJob({ GetPasswordData: (_, { count }) => ({ PasswordData: count < 3 ? '' : `\r\n${encrypted}\r\n` }) })
  const password = await windowsPassword(job, 'i-1', { inline: secret(pem) }, {})
  expect(reveal(password)).toBe('moo(Moo)')
  expect(job.ctx.said.secrets).toEqual(['moo(Moo)'])
  expect(job.aws.inputs('GetPasswordData')).toHaveLength(3)
})

test('says when the key does not fit', async () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const job = fakeJob({ GetPasswordData: () => ({ PasswordData: encrypted }) })
  await expect(windowsPassword(job, 'i-1', { inline: other }, {})).rejects.toThrow(
    'the password of Windows cannot be decrypted with this key',
  )
})

test('gives up when Windows tells none', async () => {
  const job = fakeJob({ GetPasswordData: () => ({ PasswordData: '' }) })
  await expect(windowsPassword(job, 'i-1', { inline: pem }, { timeout: 10 })).rejects.toThrow('waited 10ms for the password of i-1')
})

test('a key is looked at before there is an instance', async () => {
  await checkWindowsKey({ inline: secret(pem) }, '/')
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const inline of [other, 'moo']) {
    await expect(checkWindowsKey({ inline }, '/')).rejects.toThrow('the password of Windows cannot be decrypted with this key')
  }
})
