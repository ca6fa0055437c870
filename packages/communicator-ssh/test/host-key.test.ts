import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reboot } from '../src/reboot.ts'
import { sshCommunicator } from '../src/ssh-communicator.ts'
import { rejection, say } from './outcome.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

describe.skipIf(lacksSshd)(`host keys${skipped}`, () => {
  let sshd: Sshd
  beforeEach(async () => {
    sshd = await startSshd()
  })
  afterEach(async () => await sshd.stop())

  async function reaches(machine: Promise<Communicator>): Promise<void> {
    await using reached = await machine
    expect(await say(reached, 'echo there')).toBe('there')
  }

  test('a fingerprint that is known in advance', async () => {
    const other = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    await reaches(sshCommunicator({ ...rootOf(sshd), hostKey: { fingerprint: [other, sshd.fingerprint()] } }, provisionContext()))
    const error = await rejection(sshCommunicator({ ...rootOf(sshd), hostKey: { fingerprint: other } }, provisionContext()))
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(error.message).toBe(`127.0.0.1:${sshd.port} shows the ssh-ed25519 key ${sshd.fingerprint()}, and ${other} is expected`)
  })
  test('a known_hosts file, with hashed names too', async () => {
    const knownHosts = join(sshd.folder, 'known_hosts')
    const options = { ...rootOf(sshd), hostKey: { knownHosts } }
    await writeFile(knownHosts, `[127.0.0.1]:${sshd.port} ${await sshd.publicHostKey()}\n`)
    await reaches(sshCommunicator(options, provisionContext()))
    execFileSync('ssh-keygen', ['-H', '-f', knownHosts], { stdio: 'ignore' })
    await reaches(sshCommunicator(options, provisionContext()))
    await sshd.restart({ newHostKey: true })
    expect((await rejection(sshCommunicator(options, provisionContext()))).message).toContain(`and '${knownHosts}' knows it by SHA256:`)
    await writeFile(knownHosts, `@revoked * ${await sshd.publicHostKey()}\n[127.0.0.1]:${sshd.port} ${await sshd.publicHostKey()}\n`)
    expect((await rejection(sshCommunicator(options, provisionContext()))).message).toMatch(/is revoked$/)
    await writeFile(knownHosts, '')
    expect(await rejection(sshCommunicator(options, provisionContext()))).toMatchObject({ code: 'DEFINITION_INVALID' })
    expect(await rejection(sshCommunicator({ ...options, hostKey: { knownHosts: '/nowhere' } }, provisionContext()))).toMatchObject({
      code: 'INPUT_MISSING',
    })
  })
  test('the first key is pinned: another one ends what the build does', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    await sshd.restart()
    expect(await say(machine, 'echo again')).toBe('again')
    await sshd.restart({ newHostKey: true })
    const error = await rejection(machine.exec('true'))
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ shows the ssh-ed25519 key SHA256:.*: the host key changed in the middle of the run$/)
  })
  test('a restart of the build’s own may bring another key', async () => {
    const context = provisionContext()
    const marks = join(sshd.folder, 'starts')
    await writeFile(marks, '1')
    await using machine = await sshCommunicator(rootOf(sshd), context)
    const restarted = reboot({ command: `touch ${marks}.asked`, bootId: `cat ${marks}` }).provision(provisionContext({ machine }))
    await expect.poll(async () => await say(machine, `ls ${marks}.asked`)).not.toBe('')
    await sshd.kill()
    await writeFile(marks, '2')
    await sshd.restart({ newHostKey: true })
    await restarted
    expect(await say(machine, 'echo again')).toBe('again')
    const warnings = context.said.events.filter((event) => event.type === 'message' && event.level === 'warning')
    expect(warnings).toMatchObject([
      { text: expect.stringContaining(`since its restart it has another host key, ${sshd.fingerprint()}`) as string },
    ])
  })
  test('a step that may end the connection may bring another key, for one connection', async () => {
    const context = provisionContext()
    await using machine = await sshCommunicator(rootOf(sshd), context)
    machine.expectDisconnect?.()
    expect(await say(machine, 'echo on the same connection')).toBe('on the same connection')
    await sshd.restart({ newHostKey: true })
    expect(await say(machine, 'echo again')).toBe('again')
    expect(context.said.events.filter((event) => event.type === 'message' && event.level === 'warning')).toHaveLength(1)
    await sshd.restart({ newHostKey: true })
    expect((await rejection(machine.exec('true'))).message).toMatch(/: the host key changed in the middle of the run$/)
  })
  test('a key that is known in advance stays what it is, whatever the step may do', async () => {
    await using machine = await sshCommunicator({ ...rootOf(sshd), hostKey: { fingerprint: sshd.fingerprint() } }, provisionContext())
    machine.expectDisconnect?.()
    await sshd.restart({ newHostKey: true })
    expect((await rejection(machine.exec('true'))).message).toMatch(/, and SHA256:\S+ is expected$/)
  })
  test('a restart that does not happen is told', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    const refused = await rejection(reboot({ command: 'echo no >&2; exit 5' }).provision(provisionContext({ machine })))
    expect(refused).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 5 })
    const late = await rejection(reboot({ command: 'true', within: '300ms' }).provision(provisionContext({ machine })))
    expect(late).toMatchObject({ code: 'TIMEOUT', message: `root@127.0.0.1:${sshd.port} has not restarted within 300ms` })
  })
})
