import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage } from '@imago/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { agentsImage, look, makingMs, skipped as withoutDocker, trial } from '../../configuration-management/test/debian-image.ts'
import type { PuppetAgentOptions } from '../src/index.ts'
import { puppetAgent } from '../src/index.ts'
import type { PuppetServerOptions } from './puppet-server.ts'
import { startPuppetServer } from './puppet-server.ts'

const skipped = withoutDocker || reasonToSkip({ openssl: 'openssl version' })

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-puppet-'))
  await mkdir(join(directory, 'server'))
})
afterEach(async () => await rm(directory, { recursive: true }))

describe.skipIf(skipped !== '')(`puppetAgent(), with Debian's Puppet and a small server${skipped}`, { timeout: 120_000 }, () => {
  beforeAll(() => void agentsImage(), makingMs)

  const build = async (options: PuppetAgentOptions, server: Omit<PuppetServerOptions, 'folder'> = {}, issueTo?: string) => {
    const puppet = await startPuppetServer({ folder: join(directory, 'server'), ...server })
    try {
      if (issueTo !== undefined) puppet.issue(issueTo)
      const step = puppetAgent({ server: 'localhost', port: puppet.port, node: 'cow', waitForCertificate: '1s', ...options })
      const after = look('cat /srv/cow; ls -d /tmp/imago-* 2>/dev/null; find / -xdev -name cow.pem; echo looked')
      const builder = docker({ image: agentsImage(), pull: 'never', network: 'host', result: { type: 'discard' } })
      const image = defineImage({ name: 'cow', builders: { docker: builder }, provisioners: [step, after], errorCleanup: [after] })
      const { events, error } = await trial(image, directory)
      return { error, said: events.output('docker', 'stdout'), facts: puppet.facts() }
    } finally {
      await puppet.close()
    }
  }

  test('registers, applies what the server says, and leaves no key', async () => {
    const { error, said, facts } = await build({ facts: { role: 'web' }, caCertificate: 'server/ca.pem' })
    expect(error).toBe('')
    expect(said).toMatch(/File\[\/srv\/cow\]\/ensure: defined content[^]*\nmoo\nlooked\n$/)
    expect(facts).toMatchObject({ role: 'web', packer_build_name: 'docker', imago_builder_type: 'docker' })
  })

  test('takes a key of its own, and names the resource that fails', async () => {
    const identity = { certificates: 'server/certs', privateKeys: 'server/keys' }
    const { error, said } = await build({ identity }, { command: '/bin/false', signs: false }, 'cow')
    expect(error).toMatch(/^puppet agent failed with exit code 6: \/Stage\[main\]\/Main\/Exec\[\/bin\/false\]\/returns: /)
    expect(said).toMatch(/\nmoo\nlooked\n$/)
  })

  test('does not wait for ever for a certificate', async () => {
    const { error } = await build({}, { signs: false })
    expect(error).toMatch(/^puppet agent failed with exit code 1: Couldn't fetch certificate/)
  })
})
