import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createKeyPair } from '@imago/communicator-ssh'
import { defineImage, run, secret } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Sshd } from '../../communicator-ssh/test/sshd.ts'
import { freePort, lacksSshd, rootOf, skipped, startSshd } from '../../communicator-ssh/test/sshd.ts'
import { startProxy } from '../../communicator-ssh/test/tcp-proxy.ts'
import { file } from '../../provisioner-file/src/file.ts'
import { nullBuilder } from '../src/null-builder.ts'
import type { NullOptions } from '../src/null-options.ts'

describe.skipIf(lacksSshd)(`a host over SSH${skipped}`, () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd(['AuthorizedKeysFile %FOLDER%/authorized_keys %FOLDER%/.ssh/authorized_keys'])
  })
  afterAll(async () => await sshd.stop())

  const provision = async (options: NullOptions, more = 'true') => {
    const warnings: string[] = []
    const image = defineImage({
      name: 'null',
      builders: { host: nullBuilder(options) },
      provisioners: [
        shell({ inline: (facts) => [`echo "${facts.user}@${facts.host}:${facts.port} $(id -un)" >${sshd.folder}/out`, more] }),
      ],
    })
    const report = await run(image, {
      stateDirectory: join(sshd.folder, 'state'),
      onEvent: (event) => event.type === 'message' && event.level === 'warning' && warnings.push(event.text),
    })
    return { status: report.status, artifacts: report.builds[0]?.artifacts, error: report.builds[0]?.error, warnings }
  }

  test('is provisioned, and nothing is made', async () => {
    const id = `root@127.0.0.1:${sshd.port}`
    expect(await provision(rootOf(sshd))).toMatchObject({ status: 'succeeded', artifacts: [{ type: 'none', id }] })
    expect(await readFile(join(sshd.folder, 'out'), 'utf8')).toBe(`${id} root\n`)
  })
  test('that refuses the login is told at once', async () => {
    const { error } = await provision({ host: '127.0.0.1', port: sshd.port, password: secret('wrong password') })
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(error?.message).toContain('refuses the login: ')
  })
  test('loses the key that the build logs in with, and no other, when all went well', async () => {
    const [keys, other] = await Promise.all([createKeyPair('build'), createKeyPair('other')])
    const file = join(sshd.folder, '.ssh', 'authorized_keys')
    await mkdir(join(sshd.folder, '.ssh'), { recursive: true, mode: 0o700 })
    await writeFile(file, `${other.publicKey}\n${keys.publicKey}\n`)
    const options = { host: '127.0.0.1', port: sshd.port, key: { inline: keys.privateKey }, clearAuthorizedKeys: true }
    expect(await provision(options, 'exit 1')).toMatchObject({ status: 'failed', error: { code: 'COMMAND_FAILED' } })
    expect(await readFile(file, 'utf8')).toContain(keys.publicKey)
    expect(await provision(options)).toMatchObject({ status: 'succeeded' })
    expect(await readFile(file, 'utf8')).toBe(`${other.publicKey}\n`)
    expect(await provision({ ...options, timeout: '5s' })).toMatchObject({ error: { code: 'AUTHENTICATION_FAILED' } })
  })
  test('is told when its authorized_keys does not hold the key', async () => {
    const { status, warnings } = await provision({ ...rootOf(sshd), clearAuthorizedKeys: true })
    expect(status).toBe('succeeded')
    expect(warnings).toEqual([`the authorized_keys of root@127.0.0.1:${sshd.port} does not hold the build's key`])
  })
  test('that a step restarts, and says so, may come back with another host key', async () => {
    const own = await startSshd()
    const middle = 5 << 20
    let restartAt = Infinity
    let restarted: Promise<void> | undefined
    const proxy = await startProxy(own.port, ({ sent }) => {
      if (sent < restartAt) return
      restartAt = Infinity
      restarted = own.restart({ newHostKey: true })
    })
    const provisionWith = async (expectDisconnect: boolean) => {
      restartAt = proxy.sent + middle
      const image = defineImage({
        name: 'null',
        builders: { host: nullBuilder({ ...rootOf(own), port: proxy.port }) },
        provisioners: [
          file({ content: Buffer.alloc(64 << 20, 'no holes '), destination: join(own.folder, 'big'), expectDisconnect }),
          shell({ inline: [`echo again >${own.folder}/again`] }),
        ],
      })
      const report = await run(image, { stateDirectory: join(own.folder, 'state') })
      await restarted
      return report.builds[0]
    }
    try {
      expect(await provisionWith(true)).toMatchObject({ status: 'succeeded' })
      expect(await readFile(join(own.folder, 'again'), 'utf8')).toBe('again\n')
      expect(await provisionWith(false)).toMatchObject({ error: { code: 'DISCONNECTED' } })
    } finally {
      await proxy.stop()
      await own.stop()
    }
  })
  test('that nobody answers for is told with the cause', async () => {
    const port = await freePort()
    const { error } = await provision({ host: '127.0.0.1', port, key: { inline: sshd.keys.privateKey }, timeout: '200ms' })
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: `no SSH connection to root@127.0.0.1:${port} after 200ms: 127.0.0.1:${port}: connection refused`,
    })
  })
})
