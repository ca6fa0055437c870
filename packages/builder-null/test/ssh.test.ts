import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { defineImage, run, secret } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Sshd } from '../../communicator-ssh/test/sshd.ts'
import { freePort, lacksSshd, rootOf, skipped, startSshd } from '../../communicator-ssh/test/sshd.ts'
import { nullBuilder } from '../src/null-builder.ts'
import type { NullOptions } from '../src/null-options.ts'

describe.skipIf(lacksSshd)(`a host over SSH${skipped}`, () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => await sshd.stop())

  const provision = async (options: NullOptions) => {
    const image = defineImage({
      name: 'null',
      builders: { host: nullBuilder(options) },
      provisioners: [shell({ inline: (facts) => [`echo "${facts.user}@${facts.host}:${facts.port} $(id -un)" >${sshd.folder}/out`] })],
    })
    const report = await run(image, { stateDirectory: join(sshd.folder, 'state') })
    return { status: report.status, artifacts: report.builds[0]?.artifacts, error: report.builds[0]?.error }
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
  test('that nobody answers for is told with the cause', async () => {
    const port = await freePort()
    const { error } = await provision({ host: '127.0.0.1', port, key: { inline: sshd.keys.privateKey }, timeout: '200ms' })
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: `no SSH connection to root@127.0.0.1:${port} after 200ms: 127.0.0.1:${port}: connection refused`,
    })
  })
})
