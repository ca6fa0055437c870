import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'

import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createKeyPair } from '../src/key-pair.ts'
import { sshCommunicator } from '../src/ssh-communicator.ts'
import { rejection, say } from './outcome.ts'
import { startSocks } from './socks-server.ts'
import type { Sshd } from './sshd.ts'
import { freePort, lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

/** A server that answers every connection with a word. */
async function startGreeter(word: string): Promise<{ readonly port: number; stop(): void }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(word)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() }
}

async function read(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(socket, 'close')
  return text
}

describe.skipIf(lacksSshd)(`the way to the machine${skipped}`, () => {
  let machine: Sshd
  let first: Sshd
  let second: Sshd
  beforeAll(async () => {
    ;[machine, first, second] = await Promise.all([startSshd(), startSshd(), startSshd()])
  })
  afterAll(async () => {
    await Promise.all([machine, first, second].map(async (sshd) => await sshd.stop()))
  })
  const bastion = ({ port, keys }: Sshd) => ({ host: '127.0.0.1', port, key: { inline: keys.privateKey } })

  test('leads through bastions, which see one another', async () => {
    await using reached = await sshCommunicator({ ...rootOf(machine), bastions: [bastion(first), bastion(second)] }, provisionContext())
    const [, from] = (await say(reached, 'echo "$SSH_CONNECTION"')).split(' ')
    const pid = await say(reached, `ss -Htnp state established "( sport = :${from} )" | grep -o 'pid=[0-9]*' | head -n1`)
    expect(pid).toMatch(/^pid=\d+$/)
    expect(await say(reached, `tr '\\0' ' ' </proc/${pid.slice(4)}/cmdline`)).toContain('sshd')
  })
  test('says which bastion refuses', async () => {
    const stranger = { ...bastion(second), key: { inline: (await createKeyPair()).privateKey } }
    const options = { ...rootOf(machine), bastions: [bastion(first), stranger], loginAttempts: 1 }
    const error = await rejection(sshCommunicator(options, provisionContext()))
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(error.message).toContain(`root@127.0.0.1:${second.port} refuses the login`)
    const pinned = { ...bastion(first), hostKey: { fingerprint: machine.fingerprint() } }
    const wrong = await rejection(sshCommunicator({ ...rootOf(machine), bastions: [pinned] }, provisionContext()))
    expect(wrong.message).toContain(
      `127.0.0.1:${first.port} shows the ssh-ed25519 key ${first.fingerprint()}, and ${machine.fingerprint()} is expected`,
    )
  })
  test('names what the bastion cannot reach', async () => {
    const port = await freePort()
    const error = await rejection(
      sshCommunicator({ ...rootOf(machine), port, timeout: '400ms', bastions: [bastion(first)] }, provisionContext()),
    )
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    expect(error.message).toContain('channel open failure: Connection refused')
  })
  test('leads through a SOCKS5 proxy, which resolves the name', async () => {
    const socks = await startSocks({ user: 'me', password: 'pass' })
    const proxy = { type: 'socks5', host: '127.0.0.1', port: socks.port } as const
    try {
      const options = { ...rootOf(machine), host: 'machine.invalid', timeout: '5s', loginAttempts: 1 } as const
      await using reached = await sshCommunicator({ ...options, proxy: { ...proxy, user: 'me', password: 'pass' } }, provisionContext())
      expect(await say(reached, 'echo there')).toBe('there')
      expect(socks.asked).toEqual([`machine.invalid:${machine.port}`])
      const wrong = await rejection(sshCommunicator({ ...options, proxy: { ...proxy, user: 'me', password: 'wrong' } }, provisionContext()))
      expect(wrong).toMatchObject({ code: 'AUTHENTICATION_FAILED', message: `the proxy 127.0.0.1:${socks.port} refuses the user 'me'` })
    } finally {
      await socks.stop()
    }
  })
  test('has tunnels in both directions, also after the connection broke', async () => {
    const [there, here] = [await startGreeter('from the machine'), await startGreeter('from here')]
    const [local, remote] = [await freePort(), await freePort()]
    const tunnels = {
      local: [{ port: local, to: { host: '127.0.0.1', port: there.port } }],
      remote: [{ port: remote, to: { host: '127.0.0.1', port: here.port } }],
    }
    const reached = await sshCommunicator({ ...rootOf(machine), tunnels }, provisionContext())
    expect(await Promise.all([read(local), read(remote)])).toEqual(['from the machine', 'from here'])
    const taken = await rejection(sshCommunicator({ ...rootOf(machine), tunnels: { local: tunnels.local } }, provisionContext()))
    expect(taken).toMatchObject({ code: 'NETWORK' })
    expect(taken.message).toContain(`the tunnel cannot listen on 127.0.0.1:${local} of this machine: `)
    await machine.restart()
    await reached.exec('true')
    expect(await Promise.all([read(local), read(remote)])).toEqual(['from the machine', 'from here'])
    await reached[Symbol.asyncDispose]()
    there.stop()
    here.stop()
    await expect(read(local)).rejects.toThrow('ECONNREFUSED')
  })
})
