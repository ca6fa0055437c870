import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage } from '@imago/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { look, skipped, trial, write } from '../../configuration-management/test/debian-image.ts'
import type { Installation } from '../src/index.ts'
import { puppetApply } from '../src/index.ts'

/** Makes a repository of one package, with a program `puppet` that says how it was called. */
const repository = `mkdir -p /repo/tree/DEBIAN /repo/tree/usr/bin
cd /repo
printf 'Package: puppet-agent\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: n <n@example.org>\\nDescription: moo\\n' >tree/DEBIAN/control
printf '#!/bin/sh\\necho "packaged $1"\\n' >tree/usr/bin/puppet
chmod 755 tree/usr/bin/puppet
dpkg-deb --root-owner-group --build tree puppet.deb >/dev/null
{ dpkg-deb -f puppet.deb; echo 'Filename: ./puppet.deb'; echo "Size: $(stat -c %s puppet.deb)"; echo "SHA256: $(sha256sum puppet.deb | cut -d ' ' -f 1)"; } >Packages
rm -rf /etc/apt/sources.list.d/* tree
echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list`

const script = `#!/bin/bash -e
mkdir -p /opt/puppetlabs/bin
printf '#!/bin/sh\\necho "scripted $1"\\n' >"/opt/puppetlabs/bin/$1"
chmod 755 /opt/puppetlabs/bin/*
`

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-install-'))
  await write(directory, { 'site.pp': '', 'install.sh': script })
})
afterEach(async () => await rm(directory, { recursive: true }))

describe.skipIf(skipped !== '')(`installing the agent${skipped}`, { timeout: 60_000 }, () => {
  const builder = docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } })
  const install = async (how: Installation) => {
    const step = puppetApply({ manifest: 'site.pp', install: how })
    const provisioners = [look(repository), step, step, look('ls -d /tmp/imago-*')]
    return await trial(defineImage({ name: 'cow', builders: { docker: builder }, provisioners }), directory)
  }

  test('by the package manager, once', async () => {
    const { events, error } = await install('package')
    expect(error).toBe('')
    const said = events.output('docker', 'stdout')
    expect(said).toContain('Setting up puppet-agent (1.0)')
    expect(said).toMatch(/\npackaged apply\npackaged apply\n$/)
  })

  test('by a package that there is not', async () => {
    const { report, error } = await install({ packages: ['puppet-agent=2.*'] })
    expect(report.builds[0]?.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 100 })
    expect(error).toMatch(/^'apt-get .* install -- puppet-agent=2\.\*' ended with exit code 100$/)
  })

  test('by a script, to a place that PATH does not have', async () => {
    const checksum = `sha256:${createHash('sha256').update(script).digest('hex')}`
    const { events, error } = await install({ script: 'install.sh', checksum, arguments: ['puppet'] })
    expect(error).toBe('')
    expect(events.output('docker', 'stdout')).toBe('scripted apply\nscripted apply\n')
  })

  test('by a script that is another than it was', async () => {
    const { report, events } = await install({ script: 'install.sh', checksum: '0'.repeat(64) })
    expect(report.builds[0]?.error).toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    expect(events.output('docker', 'stdout')).toBe('')
  })
})
