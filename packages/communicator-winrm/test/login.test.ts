import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { startWinrmStandIn } from '../src/stand-in.ts'
import { winrmCommunicator } from '../src/winrm-communicator.ts'
import { connect, outcome, password, standIn, temporaryDirectory, waysTo } from './machines.ts'

const skipped = reasonToSkip({ openssl: 'openssl version' })

describe('logins', () => {
  test.for(['basic', 'ntlm'] as const)('a wrong password is told (%s), and no oftener tried than allowed', async (auth) => {
    const stand = await standIn()
    await expect(connect(stand, { auth, password: 'wrong' })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: `WinRM of 127.0.0.1:${stand.port} refuses the login of 'Administrator'`,
      hint: expect.stringContaining('check user and password'),
    })
    expect(stand.operations.size).toBe(0)
  })

  test('a machine that takes no logins of that kind is told what to run', async () => {
    const noBasic = await standIn({ auth: ['ntlm'] })
    await expect(connect(noBasic, { timeout: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('takes no logins with Basic, but Negotiate'),
      hint: expect.stringContaining('winrm set winrm/config/service/auth @{Basic="true"}'),
    })
    const noNtlm = await standIn({ auth: ['basic'] })
    await expect(connect(noNtlm, { auth: 'ntlm', timeout: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('takes no logins with NTLM, but Basic'),
    })
  })

  test('a machine that wants encryption takes NTLM over HTTP, and of Basic it is told why not', async () => {
    const stand = await standIn({ allowUnencrypted: false })
    expect((await outcome(await connect(stand, { auth: 'ntlm', user: 'WIN\\Administrator' }), 'echo x')).stdout).toBe('x\r\n')
    await expect(connect(stand)).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      hint: expect.stringContaining('AllowUnencrypted="true"'),
    })
  })

  test('a secret password is masked, and nothing of it is said', async () => {
    const stand = await standIn({ password: 'very secret' })
    const ctx = provisionContext()
    const machine = await winrmCommunicator(waysTo(stand, { password: secret('very secret') }), ctx)
    onTestFinished(() => machine[Symbol.asyncDispose]())
    expect(ctx.said.secrets).toEqual(['very secret'])
    expect(JSON.stringify(ctx.said.events)).toContain('Windows 10.0.20348')
    expect(JSON.stringify(ctx.said.events)).not.toContain('very secret')
  })
})

describe('waiting', () => {
  test('a machine that starts is waited for', async () => {
    const first = await standIn()
    const { port } = first
    await first[Symbol.asyncDispose]()
    const connecting = winrmCommunicator(waysTo(first), provisionContext())
    const directory = await temporaryDirectory()
    const later = await startWinrmStandIn({ directory, password, port })
    onTestFinished(() => later[Symbol.asyncDispose]())
    const machine = await connecting
    onTestFinished(() => machine[Symbol.asyncDispose]())
    expect((await outcome(machine, 'echo x')).stdout).toBe('x\r\n')
  })

  test('nobody there, or something else, is told with the last cause', async () => {
    const stand = await standIn()
    await stand[Symbol.asyncDispose]()
    await expect(connect(stand, { timeout: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: `no WinRM connection to 127.0.0.1:${stand.port} after 500ms: 127.0.0.1:${stand.port}: connection refused`,
    })
    const other = createServer((_, response) => response.writeHead(404).end('no'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo // it listens at a port
    await expect(winrmCommunicator({ host: '127.0.0.1', port, password, timeout: 500 }, provisionContext())).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('answers with status 404 and no SOAP'),
    })
  })

  test('cancelling ends it', async () => {
    const stand = await standIn()
    await stand[Symbol.asyncDispose]()
    const signal = AbortSignal.timeout(100)
    await expect(winrmCommunicator(waysTo(stand), { ...provisionContext(), signal })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})

describe.skipIf(skipped !== '')(`HTTPS${skipped}`, () => {
  test('a certificate is trusted when it is given, or when all are; else it is told at once', async () => {
    const folder = await temporaryDirectory()
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=win', '-addext', 'subjectAltName=IP:127.0.0.1']
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    await promisify(execFile)('openssl', [...request, ...subject, '-keyout', keyFile, '-out', certFile])
    const tls = { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') }
    const stand = await standIn({ tls, allowUnencrypted: false })
    await expect(connect(stand, { tls: true })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringMatching(/^the certificate of 127\.0\.0\.1:\d+ is not trusted: self-signed certificate$/),
      hint: expect.stringContaining('tls: { insecure: true }'),
    })
    for (const way of [{ ca: certFile }, { insecure: true }]) {
      for (const auth of ['basic', 'ntlm'] as const) {
        expect((await outcome(await connect(stand, { tls: way, auth }), 'echo x')).stdout).toBe('x\r\n')
      }
    }
    await expect(connect(stand, { tls: { ca: join(folder, 'none.pem') } })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test('TLS with a port that does not speak it is told', async () => {
    const stand = await standIn()
    await expect(connect(stand, { tls: { insecure: true }, timeout: 500 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('does not speak TLS'),
      hint: expect.stringContaining('5985'),
    })
  })
})
