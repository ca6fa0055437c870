import { communicatorContract, provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { reboot } from '../src/reboot.ts'
import { sshCommunicator } from '../src/ssh-communicator.ts'
import { rejection, say } from './outcome.ts'
import type { SshdContainer } from './sshd-container.ts'
import { startSshdContainer, strictest } from './sshd-container.ts'

const skipped = reasonToSkip({ docker: 'docker image inspect debian:12' })

describe.skipIf(skipped !== '')(`a Debian machine with the strictest algorithms${skipped}`, () => {
  let sshd: SshdContainer
  const root = () => ({ host: '127.0.0.1', port: sshd.port, key: { inline: sshd.keys.privateKey } })
  const open = async () => await sshCommunicator({ ...root(), timeout: '100s' }, provisionContext())

  beforeAll(async () => {
    sshd = await startSshdContainer(strictest)
    const machine = await open().catch(async (error: unknown) => {
      throw new Error(`the server cannot be installed: ${await sshd.log()}`, { cause: error })
    })
    await machine[Symbol.asyncDispose]()
  }, 120_000)
  afterAll(() => sshd.stop())

  test('takes the best that both know', async () => {
    await using machine = await open()
    expect(await say(machine, '. /etc/os-release; echo "$ID $VERSION_ID"')).toBe('debian 12')
    const log = await sshd.log()
    expect(log).toContain('kex: algorithm: curve25519-sha256')
    expect(log).toContain('kex: client->server cipher: aes256-gcm@openssh.com MAC: <implicit> compression: none')
  })
  test('is told from one that nothing is left for', async () => {
    const algorithms = { ciphers: ['aes128-gcm@openssh.com'], keyExchanges: ['diffie-hellman-group16-sha512'] } as const
    const error = await rejection(sshCommunicator({ ...root(), algorithms }, provisionContext()))
    expect(error).toMatchObject({ code: 'UNSUPPORTED' })
    expect(error.message).toContain('have no algorithm in common: ')
  })
  test('takes a password of a user, and none of root', async () => {
    const login = { host: '127.0.0.1', port: sshd.port, password: sshd.password, loginAttempts: 1 }
    await using machine = await sshCommunicator({ ...login, user: 'debian' }, provisionContext())
    expect(await say(machine, 'id -un')).toBe('debian')
    expect(await rejection(sshCommunicator(login, provisionContext()))).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })
  communicatorContract({ describe, test, afterAll, open })

  test('restarts in the middle of a build', async () => {
    await using machine = await open()
    const started = 'cut -d " " -f 22 /proc/1/stat'
    const before = await say(machine, started)
    await reboot({ command: 'kill 1', bootId: started }).provision(provisionContext({ machine }))
    expect(await say(machine, started)).not.toBe(before)
  })
})
