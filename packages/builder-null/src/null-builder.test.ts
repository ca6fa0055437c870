import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { isImagoError, secret } from '@imago/core'
import { buildContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { nullBuilder } from './null-builder.ts'
import type { NullOptions } from './null-options.ts'

const messages = (options: object): readonly string[] =>
  (nullBuilder(options as NullOptions).validate?.() ?? []).map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )

test('right options have no problem', () => {
  expect(messages({ communicator: 'local' })).toEqual([])
  expect(messages({ communicator: 'none' })).toEqual([])
  expect(
    messages({
      host: '192.0.2.7',
      port: 2222,
      user: 'debian',
      key: { file: 'key', passphrase: secret('phrase'), certificate: 'key-cert.pub' },
      agent: true,
      password: 'password',
      hostKey: { fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDPc9SfZ3UvbyGbsYI' },
      bastions: [{ host: 'bastion', key: { inline: secret('a key') }, hostKey: { knownHosts: 'known_hosts' } }],
      proxy: { type: 'socks5', host: 'proxy', user: 'me', password: secret('word') },
      tunnels: {
        local: [{ port: 8080, to: { host: 'localhost', port: 80 } }],
        remote: [{ bind: '0.0.0.0', port: 1, to: { host: 'a', port: 2 } }],
      },
      ipVersion: 6,
      timeout: '1m',
      pauseBeforeConnecting: 500,
      loginAttempts: 3,
      keepAlive: false,
      readWriteTimeout: '2m',
      forwardAgent: true,
      algorithms: {
        ciphers: ['aes256-gcm@openssh.com'],
        keyExchanges: ['curve25519-sha256'],
        hostKeys: ['ssh-ed25519'],
        macs: ['hmac-sha2-256'],
      },
      compression: true,
      transfer: 'sftp',
    }),
  ).toEqual([])
  expect(messages({ host: 'a', key: { file: 'key' }, clearAuthorizedKeys: true })).toEqual([])
  expect(messages({ host: 'a', clearAuthorizedKeys: false })).toEqual([])
  expect(messages({ communicator: 'winrm', host: 'a', password: secret('word'), port: 5986, tls: { ca: 'ca.pem' }, auth: 'ntlm' })).toEqual(
    [],
  )
})

test('wrong options are named, all at once', () => {
  expect(messages({ communicator: 'telnet' })).toEqual([`communicator: must be 'ssh' or 'winrm' or 'local' or 'none', not "telnet"`])
  expect(messages({ communicator: 'winrm', prot: 1 })).toEqual([
    'host: is required',
    'password: is required',
    "prot: unknown option 'prot' (did you mean 'port'?)",
  ])
  expect(messages({ communicator: 'local', host: 'a' })).toEqual(["host: unknown option 'host' (known: communicator)"])
  expect(
    messages({
      prot: 22,
      key: { file: '' },
      hostKey: { fingerprint: 'MD5:aa' },
      bastions: [{ user: 'x' }],
      agent: false,
      forwardAgent: true,
      algorithms: { ciphers: ['rot13'] },
    }),
  ).toMatchInlineSnapshot(`
    [
      "host: is required",
      "key.file: must not be empty, not """,
      "hostKey.fingerprint: must be a fingerprint as 'ssh-keygen -l' prints it: SHA256: and 43 characters, not "MD5:aa"",
      "bastions.0.host: is required",
      "algorithms.ciphers.0: must be 'aes128-gcm@openssh.com' or 'aes256-gcm@openssh.com' or 'chacha20-poly1305@openssh.com' or 'aes128-ctr' or 'aes192-ctr' or 'aes256-ctr' or 'aes128-cbc' or 'aes192-cbc' or 'aes256-cbc' or '3des-cbc', not "rot13"",
      "prot: unknown option 'prot' (did you mean 'port'?)",
      "forwardAgent: needs an agent, and 'agent' is false",
    ]
  `)
})

test('a key can only be removed where there is one', () => {
  expect(messages({ host: 'a', agent: true, clearAuthorizedKeys: true })).toEqual([
    "clearAuthorizedKeys: needs the 'key' that is to be removed",
  ])
  expect(messages({ host: 'a', key: { file: 'k', certificate: 'c' }, clearAuthorizedKeys: true })).toEqual([
    "clearAuthorizedKeys: cannot be with a certificate: the host's authorized_keys does not hold its key",
  ])
  expect(messages({ host: 'a', clearAuthorizedKeys: 'yes' })).toEqual(['clearAuthorizedKeys: must be a boolean, not "yes"'])
})

test('local files are looked for before anything starts', () => {
  const options = {
    host: 'a',
    key: { file: '~/key' },
    hostKey: { knownHosts: 'hosts' },
    bastions: [{ host: 'b', key: { file: 'k', certificate: 'c' } }],
  }
  expect(nullBuilder({ communicator: 'winrm', host: 'a', password: 'b', tls: { ca: 'ca.pem' } }).inputs?.()).toEqual([
    { path: 'ca.pem', at: ['tls', 'ca'], kind: 'file' },
  ])
  expect(nullBuilder({ communicator: 'none' }).inputs?.()).toEqual([])
  expect(nullBuilder(options).inputs?.()).toEqual([
    { path: join(homedir(), 'key'), at: ['key', 'file'], kind: 'file' },
    { path: 'hosts', at: ['hostKey', 'knownHosts'], kind: 'file' },
    { path: 'k', at: ['bastions', 0, 'key', 'file'], kind: 'file' },
    { path: 'c', at: ['bastions', 0, 'key', 'certificate'], kind: 'file' },
  ])
})

test('this machine is provisioned where the definition stands', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imago-null-'))
  const ctx = buildContext({
    directory,
    workDirectory: join(directory, 'work'),
    provision: async (machine) => {
      await machine.upload({ content: 'x' }, 'file')
      await machine.exec('pwd; cat file', { onOutput: ctx.output })
    },
  })
  expect(await nullBuilder({ communicator: 'local' }).build(ctx)).toEqual({ type: 'none', id: 'local' })
  expect(ctx.said.stdout).toBe(`${directory}\nx`)
  await rm(directory, { recursive: true })
})

test('files keep their holes on this machine', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imago-null-'))
  const file = await open(join(directory, 'disk'), 'w')
  await file.truncate(50_000_000)
  await file.write('moo', 40_000_000)
  await file.close()
  const provision = async (machine: Communicator): Promise<void> => {
    await machine.upload({ path: join(directory, 'disk') }, 'there')
    await machine.download('there', join(directory, 'back'))
  }
  await nullBuilder({ communicator: 'local' }).build(buildContext({ directory, workDirectory: join(directory, 'work'), provision }))
  const { size, blocks } = await stat(join(directory, 'back'))
  expect([size, blocks * 512 < 1_000_000]).toEqual([50_000_000, true])
  expect((await readFile(join(directory, 'back'))).indexOf('moo')).toBe(40_000_000)
  await rm(directory, { recursive: true })
})

test('without a machine, a step that needs one says so', async () => {
  const ctx = buildContext({
    provision: async (machine) => {
      await machine.exec('true')
    },
  })
  const error: unknown = await nullBuilder({ communicator: 'none' })
    .build(ctx)
    .catch((reason: unknown) => reason)
  expect(error).toSatisfy((reason) => isImagoError(reason, 'UNSUPPORTED'))
  expect(await nullBuilder({ communicator: 'none' }).build(buildContext())).toEqual({ type: 'none', id: 'none' })
})
