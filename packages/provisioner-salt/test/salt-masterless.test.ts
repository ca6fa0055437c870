import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage, secret } from '@imago/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { look, skipped, trial, write } from '../../configuration-management/test/debian-image.ts'
import type { SaltMasterlessOptions } from '../src/index.ts'
import { saltMasterless } from '../src/index.ts'

const standIn = join(import.meta.dirname, 'salt-call.sh')

/** Installs the stand-in as a script of Salt's would install Salt. */
const install = `#!/bin/sh -e
mkdir -p /opt/saltstack/salt
cat >/opt/saltstack/salt/salt-call <<'END'
${readFileSync(standIn, 'utf8')}
END
chmod 755 /opt/saltstack/salt/salt-call
`

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-salt-'))
  await write(directory, {
    'install.sh': install,
    'salt/top.sls': "base:\n  '*':\n    - cow\n",
    'salt/cow.sls': 'moo:\n  cmd.run:\n    - name: echo "moo $TOKEN" >/srv/cow; cat /proc/[0-9]*/cmdline >/srv/processes\n',
    'salt/bad/init.sls': 'fine:\n  cmd.run:\n    - name: true\nworse:\n  cmd.run:\n    - name: exit 3\n',
    'salt/undefined.sls': 'a:\n  cmd.run:\n    - name: echo {{ cow }}\n',
    'formulas/hay.sls': 'hay:\n  cmd.run:\n    - name: echo hay >/srv/hay\n',
    'pillar/top.sls': 'base: {}\n',
  })
})
afterEach(async () => await rm(directory, { recursive: true }))

describe.skipIf(skipped !== '')(`saltMasterless(), with a stand-in for salt-call${skipped}`, { timeout: 60_000 }, () => {
  const build = async (options: Partial<SaltMasterlessOptions>, see = 'true') => {
    const step = saltMasterless({ states: 'salt', install: { script: 'install.sh' }, ...options })
    const builder = docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } })
    const after = look(`${see}; ls -d /tmp/imago-* 2>/dev/null; echo looked`)
    const image = defineImage({ name: 'cow', builders: { docker: builder }, provisioners: [step, after], errorCleanup: [after] })
    return await trial(image, directory)
  }

  test('applies the highstate, and states by name out of several folders', async () => {
    const highstate = await build({ pillar: 'pillar', env: { TOKEN: secret('hunter22') } }, 'cat /srv/cow; grep -c hunter22 /srv/processes')
    expect(highstate.error).toBe('')
    expect(highstate.events.output('docker', 'stdout')).toMatch(/ID: moo\n.*Function: cmd.run[^]*\nmoo <secret>\n0\nlooked\n$/)
    const trees = { formulas: ['formulas'], statesDirectory: '/srv/salt', pillar: 'pillar', pillarDirectory: '/srv/deep/pillar' }
    const named = await build(
      { state: ['cow', 'hay'], ...trees },
      'cat /srv/cow /srv/hay; ls /srv/salt /srv/deep; stat -c %U /srv/salt/*.sls | uniq',
    )
    expect(named.error).toBe('')
    expect(named.events.output('docker', 'stdout')).toMatch(
      /\nmoo \nhay\n\/srv\/deep:\npillar\n\n\/srv\/salt:\nbad\ncow.sls\nhay.sls\ntop.sls\nundefined.sls\nroot\nlooked\n$/,
    )
  })

  test.each([
    [{ state: 'bad' }, 2, 'salt-call failed with exit code 2: worse (cmd.run): Command "exit 3" run'],
    [
      { state: 'undefined' },
      1,
      "salt-call failed with exit code 1: Rendering SLS 'base:undefined' failed: Jinja variable 'cow' is undefined",
    ],
    [{ state: 'gone' }, 1, "salt-call failed with exit code 1: No matching sls found for 'gone' in env 'base'"],
    [{ pillar: 'formulas' }, 5, 'salt-call failed with exit code 5: no top.sls'],
    [{ extraArguments: ['--moo'] }, 64, 'salt-call failed with exit code 64: it does not know an argument'],
  ])('names what failed: %j', async (options, exitCode, message) => {
    const { report, events } = await build(options)
    expect(report.builds[0]?.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode, message })
    expect(events.output('docker', 'stdout')).toMatch(/(?:^|\n)looked\n$/)
  })
})
