import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { reveal, secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { createKeyPair } from '../src/key-pair.ts'
import { sshCommunicator } from '../src/ssh-communicator.ts'
import type { SshOptions } from '../src/ssh-options.ts'
import { rejection, say } from './outcome.ts'
import type { Account, Sshd } from './sshd.ts'
import { freePort, lacksSshd, makeAccount, rootOf, skipped, startSshd } from './sshd.ts'

describe.skipIf(lacksSshd)(`logging in${skipped}`, () => {
  let sshd: Sshd
  let account: Account
  const at = (more: Omit<SshOptions, 'host' | 'port'>): SshOptions => ({
    host: '127.0.0.1',
    port: sshd.port,
    loginAttempts: 1,
    timeout: '10s',
    ...more,
  })
  const nobody = async (options: Omit<SshOptions, 'host' | 'port'>) => await rejection(sshCommunicator(at(options), provisionContext()))
  const whoami = async (options: SshOptions): Promise<string> => {
    await using machine = await sshCommunicator(options, provisionContext())
    return await say(machine, 'id -un')
  }
  const keygen = (...args: readonly string[]): Buffer => execFileSync('ssh-keygen', ['-q', ...args])

  beforeAll(async () => {
    account = await makeAccount()
    sshd = await startSshd([
      'UsePAM yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxAuthTries 20',
      'TrustedUserCAKeys %FOLDER%/ca.pub',
      `Match User ${account.name}`,
      '  PasswordAuthentication yes',
      '  KbdInteractiveAuthentication yes',
      'Match all',
    ])
  })
  afterAll(async () => {
    await sshd.stop()
    await account.remove()
  })

  test('with a key pair made for the build', async () => {
    expect(await whoami({ ...rootOf(sshd), timeout: '10s' })).toBe('root')
    expect(await whoami(at({ key: { inline: sshd.keys.privateKey } }))).toBe('root')
  })
  test('with key files of all kinds, encrypted too', async () => {
    const authorized = join(sshd.folder, 'authorized_keys')
    for (const [name, ...kind] of [
      ['ed25519', '-t', 'ed25519'],
      ['ecdsa', '-t', 'ecdsa'],
      ['rsa', '-t', 'rsa', '-b', '2048'],
      ['pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM'],
    ] as const) {
      const file = join(sshd.folder, name)
      keygen(...kind, '-N', 'pass phrase', '-f', file)
      await writeFile(authorized, `${sshd.keys.publicKey}\n${await readFile(`${file}.pub`, 'utf8')}`)
      expect(await whoami(at({ key: { file, passphrase: secret('pass phrase') } }))).toBe('root')
    }
    const locked = await nobody({ key: { file: join(sshd.folder, 'ed25519') } })
    expect(locked).toMatchObject({ code: 'DEFINITION_INVALID', hint: "give its 'passphrase', or use an agent" })
    expect(locked.message).toMatch(/^the SSH key '.*\/ed25519' cannot be used: /)
    expect((await nobody({ key: { file: join(sshd.folder, 'ed25519'), passphrase: 'wrong' } })).code).toBe('DEFINITION_INVALID')
    await writeFile(authorized, `${sshd.keys.publicKey}\n`)
  })
  test('with certificates', async () => {
    const ca = join(sshd.folder, 'ca')
    keygen('-t', 'ed25519', '-N', '', '-f', ca)
    for (const [name, ...kind] of [
      ['certified-ed25519', '-t', 'ed25519'],
      ['certified-rsa', '-t', 'rsa', '-b', '2048'],
      ['certified-256', '-t', 'ecdsa', '-b', '256'],
      ['certified-521', '-t', 'ecdsa', '-b', '521'],
    ] as const) {
      const file = join(sshd.folder, name)
      keygen(...kind, '-N', '', '-f', file)
      keygen('-s', ca, '-I', 'test', '-n', 'root', `${file}.pub`)
      expect((await nobody({ key: { file } })).code).toBe('AUTHENTICATION_FAILED')
      expect(await whoami(at({ key: { file, certificate: `${file}-cert.pub` } }))).toBe('root')
    }
    expect(
      await nobody({ key: { file: join(sshd.folder, 'certified-rsa'), certificate: join(sshd.folder, 'certified-rsa.pub') } }),
    ).toMatchObject({
      code: 'DEFINITION_INVALID',
    })
  })
  test('with an agent, which is forwarded only when that is asked for', async () => {
    const socket = join(sshd.folder, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(agent.stdout, 'data')
      const file = join(sshd.folder, 'for-agent')
      await writeFile(file, reveal(sshd.keys.privateKey), { mode: 0o600 })
      execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
      await using plain = await sshCommunicator(at({ agent: socket }), provisionContext())
      expect(await say(plain, 'echo "[$SSH_AUTH_SOCK]"')).toBe('[]')
      await using forwarding = await sshCommunicator(at({ agent: socket, forwardAgent: true }), provisionContext())
      expect(await say(forwarding, 'ssh-add -l')).toContain(sshd.keys.fingerprint)
      vi.stubEnv('SSH_AUTH_SOCK', socket)
      expect([await whoami(at({ agent: true })), await whoami(at({}))]).toEqual(['root', 'root'])
      const gone = await nobody({ agent: '/nowhere/agent' })
      expect(gone.message).toMatch(/ refuses the login: tried the keys of the agent; failed to connect to agent$/)
      vi.stubEnv('SSH_AUTH_SOCK', undefined)
      expect(await nobody({ agent: true })).toMatchObject({
        code: 'DEFINITION_INVALID',
        message: 'the SSH agent is asked for, and SSH_AUTH_SOCK is not set',
      })
    } finally {
      vi.unstubAllEnvs()
      agent.kill()
    }
  })
  test('with a password, or answers on the keyboard', async () => {
    expect(await whoami(at({ user: account.name, password: secret(account.password) }))).toBe(account.name)
    const keyboard = await startSshd(['UsePAM yes', 'KbdInteractiveAuthentication yes'])
    try {
      expect(await whoami({ host: '127.0.0.1', port: keyboard.port, user: account.name, password: account.password })).toBe(account.name)
    } finally {
      await keyboard.stop()
    }
  })
  test('with a key and a password, where the server wants both', async () => {
    const both = await startSshd(['UsePAM yes', 'PasswordAuthentication yes', 'AuthenticationMethods password,publickey'])
    try {
      const key = { inline: both.keys.privateKey }
      expect(
        await whoami({ host: '127.0.0.1', port: both.port, user: account.name, key, password: account.password, loginAttempts: 1 }),
      ).toBe(account.name)
    } finally {
      await both.stop()
    }
  })
  test('says what was tried, and what the server takes, when it is refused', async () => {
    const stranger = await createKeyPair()
    const wrongKey = await nobody({ key: { inline: stranger.privateKey } })
    expect(wrongKey.code).toBe('AUTHENTICATION_FAILED')
    expect(wrongKey.message).toBe(
      `root@127.0.0.1:${sshd.port} refuses the login: tried publickey (inline key); the server offers publickey`,
    )
    const wrongPassword = await nobody({ user: account.name, password: secret('wrong password') })
    expect(wrongPassword.message).toContain('refuses the login: tried password, keyboard-interactive; the server offers publickey,')
    const unwanted = await nobody({ password: 'a password' })
    expect(unwanted.message).toContain('refuses the login: tried password; the server offers publickey')
    expect(await nobody({ key: { file: '/nowhere/key' } })).toMatchObject({ code: 'INPUT_MISSING' })
  })
  test('names the refusal when the time is up before the attempts are', async () => {
    const stranger = await createKeyPair()
    const late = await nobody({ key: { inline: stranger.privateKey }, loginAttempts: 99, timeout: '1900ms' })
    expect(late.code).toBe('TIMEOUT')
    expect(late.message).toBe(
      `no SSH connection to root@127.0.0.1:${sshd.port} after 1.9s: root@127.0.0.1:${sshd.port} refuses the login: tried publickey (inline key); the server offers publickey`,
    )
  })
  test('tries a refused login again, as often as it may', async () => {
    const stranger = await createKeyPair()
    const authorized = join(sshd.folder, 'authorized_keys')
    const connecting = sshCommunicator(at({ key: { inline: stranger.privateKey }, loginAttempts: 5 }), provisionContext())
    await writeFile(authorized, `${sshd.keys.publicKey}\n${stranger.publicKey}\n`)
    await using machine = await connecting
    expect(await say(machine, 'id -un')).toBe('root')
    await writeFile(authorized, `${sshd.keys.publicKey}\n`)
  })
  test('masks what is secret', async () => {
    const context = provisionContext()
    await rejection(sshCommunicator(at({ password: 'plain password', key: { inline: 'a key', passphrase: 'phrase' } }), context))
    expect(context.said.secrets.toSorted()).toEqual(['a key', 'phrase', 'plain password'])
  })
  test('prefers AES-GCM, and takes what is asked for', async () => {
    const telling = await startSshd(['LogLevel DEBUG1'])
    const agreed = (cipher: string, mac: string) => `kex: client->server cipher: ${cipher} MAC: ${mac} compression: none`
    try {
      await whoami(rootOf(telling))
      expect(telling.log()).toContain('kex: algorithm: curve25519-sha256')
      expect(telling.log()).toContain('kex: host key algorithm: ssh-ed25519')
      expect(telling.log()).toContain(agreed('aes128-gcm@openssh.com', '<implicit>'))
      const algorithms = { ciphers: ['aes192-ctr'], keyExchanges: ['ecdh-sha2-nistp384'], macs: ['hmac-sha2-512'] } as const
      await whoami({ ...rootOf(telling), algorithms })
      expect(telling.log()).toContain('kex: algorithm: ecdh-sha2-nistp384')
      expect(telling.log()).toContain(agreed('aes192-ctr', 'hmac-sha2-512'))
    } finally {
      await telling.stop()
    }
  })
  test('goes to addresses of the kind that is asked for', async () => {
    const there = { ...rootOf(sshd), host: 'localhost', timeout: '10s' } as const
    expect(await whoami({ ...there, ipVersion: 4 })).toBe('root')
    const error = await rejection(sshCommunicator({ ...there, ipVersion: 6, timeout: '1s' }, provisionContext())) // it listens on 127.0.0.1
    expect(error.message).toMatch(/^no SSH connection to root@localhost:\d+ after 1\.0s: localhost:\d+: /)
  })
  test('talks to a server with few and strict algorithms, and says so when none is left', async () => {
    const strict = await startSshd([
      'Ciphers chacha20-poly1305@openssh.com',
      'MACs hmac-sha2-512-etm@openssh.com',
      'KexAlgorithms curve25519-sha256',
      'HostKeyAlgorithms ssh-ed25519',
      'PubkeyAcceptedAlgorithms ssh-ed25519',
    ])
    try {
      expect(await whoami(rootOf(strict))).toBe('root')
      const error = await rejection(sshCommunicator({ ...rootOf(strict), algorithms: { ciphers: ['aes128-ctr'] } }, provisionContext()))
      expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      expect(error.message).toContain('have no algorithm in common')
    } finally {
      await strict.stop()
    }
  })
  test('waits for a port that is closed, a name that is nobody’s, and says so when time runs out', async () => {
    const port = await freePort()
    const closed = await rejection(sshCommunicator({ host: '127.0.0.1', port, timeout: '300ms' }, provisionContext()))
    expect(closed.code).toBe('TIMEOUT')
    expect(closed.message).toBe(`no SSH connection to root@127.0.0.1:${port} after 300ms: 127.0.0.1:${port}: connection refused`)
    const unknown = await rejection(sshCommunicator({ host: 'no-such-host.invalid', timeout: '500ms' }, provisionContext()))
    expect(unknown).toMatchObject({ code: 'TIMEOUT' })
    expect(unknown.message).toMatch(/no-such-host\.invalid:22: the name does not resolve$/)
  })
})
