import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { secret, validate, defineImage } from '@imago/core'
import type { FakeMachine } from '@imago/testing'
import { expectMachine, fakeBuilder, fakeMachine, provisionContext, rehearse } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { PuppetApplyOptions } from './index.ts'
import { puppetApply } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-puppet-'))
  for (const folder of ['work', 'modules', 'data']) await mkdir(join(directory, folder))
  for (const name of ['site.pp', 'hiera.yaml', 'data/a.yaml']) await writeFile(join(directory, name), '')
})
afterEach(async () => await rm(directory, { recursive: true }))

async function provision(options: Partial<PuppetApplyOptions>, machine: FakeMachine = fakeMachine()) {
  machine.on(/command -v/, { stdout: '/usr/bin/puppet\n' })
  const context = provisionContext({ machine, directory, workDirectory: join(directory, 'work') })
  await puppetApply({ manifest: 'site.pp', stagingDirectory: '/s', ...options }).provision(context)
  return { machine, said: context.said }
}

describe('the command', () => {
  test('is short for a manifest alone', async () => {
    const { machine } = await provision({})
    expectMachine(machine).toHaveRun(
      /exec \/usr\/bin\/puppet apply --detailed-exitcodes --color=false \/s\/manifests\/site\.pp <\/dev\/null/,
    )
  })

  test('has all that is asked for', async () => {
    const { machine } = await provision({
      modules: ['modules', 'data'],
      hiera: { config: 'hiera.yaml', data: ['data'] },
      facts: { role: 'web', token: secret('hunter22'), build: ({ buildName }) => buildName },
      logLevel: 'debug',
      workdir: '/srv',
      extraArguments: ['--noop'],
      sudo: false,
    })
    const run = machine.commands.find(({ text }) => text.includes('puppet apply'))
    expect(run).toMatchObject({
      command: [
        '/usr/bin/puppet',
        'apply',
        '--detailed-exitcodes',
        '--color=false',
        '--debug',
        '--modulepath=/s/modules/0:/s/modules/1:$basemodulepath',
        '--hiera_config=/s/hiera/hiera.yaml',
        '--noop',
        '/s/manifests/site.pp',
      ],
      cwd: '/srv',
      env: { FACTER_role: 'web', FACTER_token: 'hunter22', FACTER_build: 'fake', FACTER_packer_build_name: 'fake' },
    })
    expect(machine.files.paths).toEqual(expect.arrayContaining(['/s/hiera/hiera.yaml', '/s/hiera/data/a.yaml', '/s/modules/1/a.yaml']))
  })
})

describe('the exit code', () => {
  const failure = (exitCode: number, stderr = '') => provision({}, fakeMachine().on(/puppet apply/, { exitCode, stderr }))

  test.each([0, 2])('%i is no failure', async (exitCode) => {
    await expect(failure(exitCode)).resolves.toBeDefined()
  })
  test.each([
    [1, '', 'puppet apply failed with exit code 1: no catalog was applied'],
    [4, '', 'puppet apply failed with exit code 4: resources failed'],
    [
      6,
      'Error: a\nError: /Stage[main]/B: no\nError: /Stage[main]/C: no\n',
      'puppet apply failed with exit code 6: /Stage[main]/B: no (and 1 more)',
    ],
    [1, '\u001b[1;31mError: in /s/manifests/site.pp\u001b[0m\n', 'puppet apply failed with exit code 1: in site.pp'],
    [137, '', 'puppet apply failed with exit code 137'],
  ])('%i is one: %j', async (exitCode, stderr, message) => {
    await expect(failure(exitCode, stderr)).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode, message })
  })
})

describe('a definition', () => {
  const issuesOf = async (options: object): Promise<readonly string[]> => {
    const step = puppetApply(options as PuppetApplyOptions) // wrong on purpose
    const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: [step] })
    return (await validate(image, { directory })).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  }

  test('is checked before anything starts', async () => {
    const fine = { manifest: 'site.pp', modules: ['modules'], hiera: { config: 'hiera.yaml', data: ['data'] }, install: 'package' }
    expect(await issuesOf(fine)).toEqual([])
    expect(
      await issuesOf({
        manifest: 'gone.pp',
        modules: ['site.pp'],
        hiera: { config: 'no.yaml', data: ['no'] },
        install: { script: 'no.sh' },
      }),
    ).toMatchInlineSnapshot(`
      [
        "manifest: 'gone.pp' does not exist",
        "modules.0: 'site.pp' is not a directory",
        "hiera.config: 'no.yaml' does not exist",
        "hiera.data.0: 'no' does not exist",
        "install.script: 'no.sh' does not exist",
      ]
    `)
    expect(await issuesOf({ module: ['modules'], facts: { 'a-b': 'c' }, logLevel: 'loud', hiera: 'hiera.yaml' })).toMatchInlineSnapshot(`
      [
        "facts.a-b: 'a-b' is not a name of a fact",
        "logLevel: must be 'notice' or 'info' or 'debug', not "loud"",
        "manifest: is required",
        "hiera: must be an object, not "hiera.yaml"",
        "module: unknown option 'module'",
      ]
    `)
  })

  test('says what the step is', () => {
    expect(puppetApply({ manifest: 'a/site.pp', only: ['x'], name: 'setup' })).toMatchObject({
      type: 'puppet-apply',
      title: 'puppet apply site.pp',
      name: 'setup',
      only: ['x'],
      options: { manifest: 'a/site.pp' },
    })
  })
})

test('a definition can be rehearsed', async () => {
  const steps = [puppetApply({ manifest: 'site.pp', install: 'package' })]
  const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: steps })
  const { machines } = await rehearse(image, { directory })
  expectMachine(machines.b).toHaveRun(/exec puppet apply .*\/manifests\/site\.pp </)
})
