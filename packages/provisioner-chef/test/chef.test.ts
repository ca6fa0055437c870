import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { docker } from '@imago/builder-docker'
import type { Provisioner } from '@imago/core'
import { defineImage, secret } from '@imago/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { look, skipped, trial, write } from '../../configuration-management/test/debian-image.ts'
import type { ChefClientOptions, ChefSoloOptions } from '../src/index.ts'
import { chefClient, chefSolo } from '../src/index.ts'

/** Installs the stand-in as a script of the makers' would install the real one. */
const install = `#!/bin/sh -e
mkdir -p "/opt/$1/bin"
cat >"/opt/$1/bin/$1-solo" <<'END'
${readFileSync(join(import.meta.dirname, 'chef.sh'), 'utf8')}
END
chmod 755 "/opt/$1/bin/$1-solo"
ln "/opt/$1/bin/$1-solo" "/opt/$1/bin/$1-client"
ln "/opt/$1/bin/$1-solo" "/opt/$1/bin/knife"
`

/** Stands for Berkshelf on this machine. */
const berks = `#!/bin/sh
[ "$1 $3" = 'vendor --berksfile' ] && [ -r "$4" ] || exit 64
grep -q broken "$4" && { echo 'Unable to find a solution for demands: broken (>= 0.0.0)'; exit 106; }
mkdir -p "$2/cow/recipes"
echo "execute 'echo vendored >/srv/cow'" >"$2/cow/recipes/default.rb"
`

/** Stands for Workstation on this machine. */
const workstation = `#!/bin/sh
case $1 in
  install) [ -r "$2" ] && echo installed ;;
  export)
    mkdir -p "$3/.chef" "$3/cookbook_artifacts/cow/recipes"
    : >"$3/.chef/config.rb"
    echo cow >"$3/run_list"
    echo "execute 'echo policy >/srv/cow'" >"$3/cookbook_artifacts/cow/recipes/default.rb"
    echo "execute 'echo other >/srv/cow'" >"$3/cookbook_artifacts/cow/recipes/other.rb" ;;
esac
`

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-chef-'))
  await write(directory, {
    'install.sh': install,
    'cookbooks/cow/recipes/default.rb': `execute 'echo moo >/srv/cow; cat /proc/[0-9]*/cmdline >/srv/processes'\n`,
    'cookbooks/cow/recipes/worse.rb': `execute 'true'\nexecute 'exit 3'\n`,
    'cookbooks/cow/recipes/syntax.rb': `execute do\n`,
    'cookbooks/cow/recipes/reboot.rb': `reboot 'now'\nexecute 'echo after >/srv/cow'\n`,
    'cookbooks/cow/recipes/upgrade.rb': `upgrade\nexecute 'echo upgraded >/srv/cow'\n`,
    'data-bag-secret': 'hunter22',
    'bin/berks': berks,
    'bin/cinc': workstation,
    Berksfile: '',
    'broken/Berksfile': 'broken',
    'Policyfile.rb': '',
  })
  for (const name of ['berks', 'cinc']) await chmod(join(directory, 'bin', name), 0o755)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

/** Runs a step in a container, looks at what it has done, and at what it has left. */
async function build(step: Provisioner, see: string, before = 'true') {
  const builder = docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } })
  const after = look(`${see}; ls -d /tmp/imago-* 2>/dev/null; echo looked`)
  const image = defineImage({
    name: 'cow',
    builders: { docker: builder },
    provisioners: [look(before), step, after],
    errorCleanup: [after],
  })
  const result = await trial(image, directory)
  return { ...result, said: result.events.output('docker', 'stdout') }
}

describe.skipIf(skipped !== '')(`with a stand-in for Chef${skipped}`, { timeout: 60_000 }, () => {
  const solo = async (options: object, see = 'cat /srv/cow') => {
    const all = { product: 'cinc', install: { script: 'install.sh', arguments: ['cinc'] }, ...options }
    return await build(chefSolo(all as ChefSoloOptions), see) // put together from parts
  }

  test('cookbooks run in order, with attributes and secrets that only root reads', async () => {
    const { said, error } = await solo(
      {
        cookbooks: ['cookbooks'],
        runList: ['cow', 'recipe[cow::upgrade]'],
        attributes: { token: secret('hunter33'), deep: [{ a: 1 }] },
        encryptedDataBagSecret: 'data-bag-secret',
      },
      'cat /srv/cow; grep -c hunter /srv/processes',
    )
    expect(error).toBe('')
    expect(said).toMatch(/\nInfra Phase complete\nupgraded\n0\nlooked\n$/)
  })

  test.each([
    ['cow::worse', /^cinc-solo failed with exit code 1: execute\[exit 3\] \(cow::worse line 2\) had an error: .*but received '3'$/],
    ['cow::syntax', /^cinc-solo failed with exit code 1: cookbooks\/cow\/recipes\/syntax\.rb:1: syntax error, unexpected end-of-input$/],
    ['goat', /^cinc-solo failed with exit code 1: 412 "Precondition Failed" no such cookbook goat$/],
    ['cow::reboot', /^cinc-solo failed with exit code 35: a recipe has scheduled a restart of the machine$/],
  ])('the error says what failed: %s', async (recipe, message) => {
    const { error, said } = await solo({ cookbooks: ['cookbooks'], runList: [recipe] })
    expect(error).toMatch(message)
    expect(said).toMatch(/\nlooked\n$/)
  })

  test('a Berksfile is vendored here', async () => {
    vi.stubEnv('PATH', `${join(directory, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`)
    const { said, error } = await solo({ berksfile: 'Berksfile', runList: ['cow'] })
    expect(error).toBe('')
    expect(said).toMatch(/\nvendored\nlooked\n$/)
    const broken = await solo({ berksfile: 'broken/Berksfile', runList: ['cow'] })
    expect(broken.error).toMatch(
      /^'berks vendor' ended with exit code 106 for '.*\/broken\/Berksfile': Unable to find a solution for demands: broken/,
    )
  })

  test('a Policyfile is exported here, and runs in local mode', async () => {
    vi.stubEnv('PATH', `${join(directory, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`)
    expect((await solo({ policyfile: 'Policyfile.rb' })).said).toMatch(/\npolicy\nlooked\n$/)
    expect((await solo({ policyfile: 'Policyfile.rb', namedRunList: 'cow::other' })).said).toMatch(/\nother\nlooked\n$/)
  })

  test('the licence is accepted, or the hint says how', async () => {
    const chef = { product: 'chef', install: { script: 'install.sh', arguments: ['chef'] }, cookbooks: ['cookbooks'], runList: ['cow'] }
    const { report } = await solo(chef)
    expect(report.builds[0]?.error).toMatchObject({ exitCode: 172, hint: expect.stringContaining("license: 'accept-no-persist'") })
    expect((await solo({ ...chef, license: 'accept-no-persist' })).error).toBe('')
  })

  test('a node registers, runs what the server has, and is removed from it', async () => {
    const options: ChefClientOptions = {
      product: 'cinc',
      install: { script: 'install.sh', arguments: ['cinc'] },
      serverUrl: 'https://chef.example.org/organizations/cow',
      validationKey: secret('the validation key'),
      runList: ['cow'],
    }
    const server = `mkdir -p /srv/server/cow/recipes; echo "execute 'echo served >/srv/cow'" >/srv/server/cow/recipes/default.rb`
    const { said, error } = await build(chefClient(options), 'cat /srv/cow /srv/deleted', server)
    expect(error).toBe('')
    expect(said).toMatch(/\nserved\nnode\nclient\nlooked\n$/)
    const refused = await build(chefClient({ ...options, validationKey: secret('another key') }), 'cat /srv/deleted', server)
    expect(refused.error).toBe('cinc-client failed with exit code 1: 401 "Unauthorized"')
    expect(refused.said).toMatch(/\nnode\nclient\nlooked\n$/)
  })
})
