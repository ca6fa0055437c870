import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { reveal, secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { clearAuthorizedKey } from '../src/authorized-keys.ts'
import { createKeyPair } from '../src/key-pair.ts'
import { publicKeyOf } from '../src/public-key.ts'
import { sshCommunicator } from '../src/ssh-communicator.ts'
import { say } from './outcome.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

const noKeygen = reasonToSkip({ 'ssh-keygen': 'command -v ssh-keygen' })

test.skipIf(noKeygen !== '')(`a key pair is one to ssh-keygen too${noKeygen}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-keys-'))
  const keys = await createKeyPair('build of\nan image')
  const file = join(folder, 'key')
  await writeFile(file, reveal(keys.privateKey), { mode: 0o600 })
  await writeFile(`${file}.pub`, keys.publicKey)
  expect(execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim()).toBe(keys.publicKey)
  expect(
    execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`])
      .toString()
      .trim(),
  ).toBe(`256 ${keys.fingerprint} build of an image (ED25519)`)
  expect(String(keys.privateKey)).toBe('<secret>')
  expect((await createKeyPair()).fingerprint).not.toBe(keys.fingerprint)
  await rm(folder, { recursive: true })
})

test.skipIf(noKeygen !== '')(`the public key is known of every kind of private key${noKeygen}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-keys-'))
  const context = provisionContext({ directory: folder })
  for (const [name, ...kind] of [
    ['ed25519', '-t', 'ed25519'],
    ['ecdsa', '-t', 'ecdsa'],
    ['rsa', '-t', 'rsa', '-b', '2048', '-m', 'PEM'],
  ] as const) {
    execFileSync('ssh-keygen', ['-q', ...kind, '-N', 'pass phrase', '-C', '', '-f', join(folder, name)])
    const line = await readFile(join(folder, `${name}.pub`), 'utf8')
    expect(await publicKeyOf({ file: name, passphrase: secret('pass phrase') }, context)).toBe(line.trim())
    await expect(publicKeyOf({ file: name, passphrase: 'wrong' }, context)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
  }
  await expect(publicKeyOf({ file: 'none' }, context)).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  await rm(folder, { recursive: true })
})

describe.skipIf(lacksSshd)(`the key of a build${skipped}`, () => {
  let sshd: Sshd
  beforeEach(async () => {
    sshd = await startSshd(['AuthorizedKeysFile %FOLDER%/.ssh/authorized_keys'])
    execFileSync('sh', ['-c', 'mkdir .ssh; mv authorized_keys .ssh'], { cwd: sshd.folder })
  })
  afterEach(async () => await sshd.stop())

  test('is removed, and nothing else', async () => {
    const file = join(sshd.folder, '.ssh', 'authorized_keys')
    const other = (await createKeyPair('other')).publicKey
    const [, blob] = sshd.keys.publicKey.split(' ')
    await writeFile(file, `# keys\n${other}\nfrom="127.0.0.1" ssh-ed25519 ${blob} added by somebody else\n${sshd.keys.publicKey}\n`)
    execFileSync('chmod', ['640', file])
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    expect(await clearAuthorizedKey(machine, sshd.keys.publicKey)).toBe(true)
    expect(await readFile(file, 'utf8')).toBe(`# keys\n${other}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    expect(await say(machine, 'ls -A ~/.ssh')).toBe('authorized_keys')
    expect(await clearAuthorizedKey(machine, sshd.keys.publicKey)).toBe(false)
    expect(await clearAuthorizedKey(machine, other)).toBe(true)
    expect(await readFile(file, 'utf8')).toBe('# keys\n')
  })
})
