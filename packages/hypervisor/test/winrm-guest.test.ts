import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startWinrmStandIn } from '@imago/communicator-winrm/stand-in'
import { secret } from '@imago/core'
import { buildContext } from '@imago/testing'
import { expect, onTestFinished, test } from 'vitest'

import { enterWindows, winrmGuestInputs, winrmGuestIssues, winrmGuestPort } from '../src/index.ts'

test('a guest is entered through a port of this machine, or at an address of its own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imago-guest-'))
  const stand = await startWinrmStandIn({ directory, user: 'vagrant', password: 'correct horse' })
  onTestFinished(async () => {
    await stand[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const ctx = buildContext()
  const login = { user: 'vagrant', password: secret('correct horse'), loginAttempts: 1 }
  const places = [
    { winrm: login, port: stand.port },
    { winrm: { ...login, host: stand.host, port: stand.port }, port: undefined },
  ]
  for (const { winrm, port } of places) {
    const { way, facts } = await enterWindows(winrm, { ctx, port, timeout: '20s', signal: ctx.signal })
    expect(await way.exec('exit /b 3')).toEqual({ exitCode: 3 })
    expect(facts).toEqual({ host: '127.0.0.1', port: stand.port, user: 'vagrant', winrmPassword: 'correct horse' })
    await way[Symbol.asyncDispose]()
  }
  const title = `connect to vagrant@127.0.0.1:${stand.port}`
  expect(ctx.steps).toEqual([
    { id: 'connect', title },
    { id: 'connect', title },
  ])
  expect(ctx.said.secrets).toContain('correct horse')
})

test('the port is the one that Windows has, unless it is said', () => {
  expect(
    [{}, { tls: true }, { tls: { insecure: true } }, { tls: true, port: 1 }].map((each) => winrmGuestPort({ password: 'x', ...each })),
  ).toEqual([5985, 5986, 5986, 1])
})

test('what the option means beside others is told, and whatever it is, nothing is thrown', () => {
  expect(winrmGuestIssues({ winrm: { user: 'a:b', password: 'x' }, ssh: {} }).map(({ path }) => path.join('.'))).toEqual([
    'winrm.user',
    'winrm',
  ])
  for (const winrm of [undefined, null, 1, 'x', []]) expect(winrmGuestIssues({ winrm, result: null })).toEqual([])
  expect(winrmGuestInputs({ password: 'x', tls: { ca: 'ca.pem' } })).toEqual([{ path: 'ca.pem', at: ['winrm', 'tls', 'ca'], kind: 'file' }])
  expect(winrmGuestInputs(undefined)).toEqual([])
})
