import { readFile, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { reveal, secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import type { Account, Sshd } from './sshd.ts'
import { lacksSshd, makeAccount, rootOf, skipped, startSshd } from './sshd.ts'

describe.skipIf(lacksSshd)(`the way for other programs${skipped}`, () => {
  let sshd: Sshd
  let bastion: Sshd
  let account: Account
  beforeAll(async () => {
    ;[sshd, bastion] = await Promise.all([startSshd(['PasswordAuthentication yes', 'UsePAM yes']), startSshd()])
    account = await makeAccount()
  })
  afterAll(async () => {
    await Promise.all([sshd.stop(), bastion.stop(), account.remove()])
  })

  test('is what let us in: the key, the bastions, and the keys that they have shown', async () => {
    const through = { host: '127.0.0.1', port: bastion.port, key: { inline: bastion.keys.privateKey } }
    await using machine = await sshCommunicator(
      { ...rootOf(sshd), password: secret('another way'), bastions: [through] },
      provisionContext(),
    )
    const { connection } = machine
    expect(connection).toMatchObject({
      kind: 'ssh',
      host: '127.0.0.1',
      port: sshd.port,
      user: 'root',
      hostKey: (await sshd.publicHostKey()).trim().split(' ').slice(0, 2).join(' '),
      bastions: [{ port: bastion.port, user: 'root' }],
    })
    if (connection?.kind !== 'ssh') throw new Error('not over SSH')
    expect(connection.keys.map(({ privateKey }) => reveal(privateKey))).toEqual([reveal(sshd.keys.privateKey)])
    expect(JSON.stringify(connection)).not.toContain('PRIVATE')
  })

  test('outlives the connection', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    await sshd.restart()
    await machine.exec('true').catch(() => machine.exec('true'))
    expect(machine.connection).toMatchObject({ kind: 'ssh', port: sshd.port })
  })

  test('is not there where a program would have to answer a question', async () => {
    const login = { host: '127.0.0.1', port: sshd.port, user: account.name, password: secret(account.password) }
    await using byPassword = await sshCommunicator(login, provisionContext())
    expect(byPassword.connection).toBeUndefined()

    const file = join(sshd.folder, 'encrypted')
    await writeFile(file, reveal(sshd.keys.privateKey), { mode: 0o600 })
    await promisify(execFile)('ssh-keygen', ['-q', '-p', '-N', 'long enough', '-f', file])
    const key = { inline: await readFile(file, 'utf8'), passphrase: 'long enough' }
    await using byPassphrase = await sshCommunicator({ ...rootOf(sshd), key }, provisionContext())
    expect(byPassphrase.connection).toBeUndefined()
  })
})
