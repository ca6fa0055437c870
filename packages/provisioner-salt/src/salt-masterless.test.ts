import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineImage, validate } from '@imago/core'
import type { FakeMachine } from '@imago/testing'
import { expectMachine, fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { SaltMasterlessOptions } from './index.ts'
import { saltMasterless } from './index.ts'

const skipped = reasonToSkip({ git: 'git --version' })

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-salt-'))
  for (const folder of ['work', 'salt', 'pillar', 'formula']) await mkdir(join(directory, folder))
  for (const name of ['salt/top.sls', 'pillar/top.sls', 'formula/a.sls', 'minion']) await writeFile(join(directory, name), name)
})
afterEach(async () => await rm(directory, { recursive: true }))

/** Runs the step, and answers with its command and the files that were there when it ran. */
async function provision(options: Partial<SaltMasterlessOptions>, machine: FakeMachine = fakeMachine()) {
  machine.on(/command -v/, { stdout: '/usr/bin/salt-call\n' })
  const context = provisionContext({ machine, directory, workDirectory: join(directory, 'work') })
  await saltMasterless({ states: 'salt', stagingDirectory: '/s', sudo: false, ...options }).provision(context)
  return { command: machine.commands.find(({ text }) => text.startsWith('/usr/bin/salt-call'))?.command, files: machine.files, machine }
}

describe('the command', () => {
  test('applies the highstate', async () => {
    const { command, files } = await provision({})
    expect(command).toEqual([
      '/usr/bin/salt-call',
      '--local',
      '--config-dir=/s/config',
      '--retcode-passthrough',
      '--log-level=info',
      '--no-color',
      'state.highstate',
    ])
    expect(files.text('/s/states/top.sls')).toBe('salt/top.sls')
    expect(JSON.parse(files.text('/s/config/minion.d/imago.conf') ?? '')).toMatchInlineSnapshot(`
      {
        "cachedir": "/s/cache",
        "file_client": "local",
        "file_roots": {
          "base": [
            "/s/states",
          ],
        },
        "log_file": "/s/log",
        "pillar_roots": {
          "base": [],
        },
        "pki_dir": "/s/pki",
      }
    `)
  })

  test('applies states by name, with all that is asked for', async () => {
    const options = { state: ['a', 'b.c'], formulas: ['formula'], pillar: 'pillar', minionConfig: 'minion', grains: { roles: ['web'] } }
    const { command, files } = await provision({ ...options, logLevel: 'warning', extraArguments: ['--state-output=mixed', 'test=True'] })
    expect(command?.slice(-6)).toEqual(['--log-level=warning', '--no-color', 'state.sls', 'a,b.c', '--state-output=mixed', 'test=True'])
    expect(files.text('/s/config/minion')).toBe('minion')
    expect(JSON.parse(files.text('/s/config/grains') ?? '')).toEqual({ roles: ['web'] })
    expect(JSON.parse(files.text('/s/config/minion.d/imago.conf') ?? '')).toMatchObject({
      file_roots: { base: ['/s/states', '/s/formulas/0'] },
      pillar_roots: { base: ['/s/pillar'] },
    })
  })
})

describe('trees that stay', () => {
  test('are put where they are to stay, and Salt reads them there', async () => {
    const { machine, files } = await provision({
      pillar: 'pillar',
      statesDirectory: '/srv/salt/',
      pillarDirectory: '/srv/pillar',
      formulas: ['formula'],
    })
    expectMachine(machine).inOrder([
      /rm -rf -- .* \/s\/states \/srv\/salt$/,
      /rm -rf -- .* \/s\/pillar \/srv\/pillar$/,
      /^\/usr\/bin\/salt-call /,
    ])
    expect(JSON.parse(files.text('/s/config/minion.d/imago.conf') ?? '')).toMatchObject({
      file_roots: { base: ['/srv/salt/'] },
      pillar_roots: { base: ['/srv/pillar'] },
    })
    expect(files.text('/s/states/a.sls')).toBe('formula/a.sls')
    expect(files.text('/s/states/top.sls')).toBe('salt/top.sls')
  })

  test('are the states before the formulas', async () => {
    await writeFile(join(directory, 'formula/top.sls'), 'of the formula')
    const { files } = await provision({ statesDirectory: '/srv/salt', formulas: ['formula'] })
    expect(files.text('/s/states/top.sls')).toBe('salt/top.sls')
  })

  test('that cannot be put there are an error', async () => {
    const machine = fakeMachine().on(/mv -- /, { exitCode: 1 })
    await expect(provision({ statesDirectory: '/srv/salt' }, machine)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "the states cannot be put to '/srv/salt' in the machine: exit code 1",
    })
  })
})

describe(`a formula in a repository of Git${skipped}`, () => {
  /** Makes a repository with a formula, which has changed since its tag. */
  function repository(): void {
    const git = (...args: readonly string[]): void => {
      const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'init.defaultBranch=main']
      execFileSync('git', ['-C', join(directory, 'repository'), ...who, ...args], { stdio: 'ignore', env })
    }
    mkdirSync(join(directory, 'repository/vault'), { recursive: true })
    git('init')
    for (const version of ['1', '2']) {
      writeFileSync(join(directory, 'repository/vault/init.sls'), version)
      git('add', '.')
      git('commit', '-m', version)
      git('tag', `v${version}`)
    }
  }

  test.skipIf(skipped !== '')('is cloned on this machine, as it is or as it was', async () => {
    repository()
    const git = './repository'
    const { files } = await provision({ formulas: [{ git }, { git, ref: 'v1', path: 'vault' }] })
    expect(files.text('/s/formulas/0/vault/init.sls')).toBe('2')
    expect(files.text('/s/formulas/1/vault/init.sls')).toBe('1')
    expect(files.text('/s/formulas/0/.git/HEAD')).toBeUndefined()
    const kept = await provision({ statesDirectory: '/srv/salt', formulas: [{ git, path: 'vault' }] })
    expect(kept.files.text('/s/states/vault/init.sls')).toBe('2')
  })

  test.skipIf(skipped !== '')('says what is not there', async () => {
    repository()
    await expect(provision({ formulas: [{ git: './repository', path: 'consul' }] })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: "the repository './repository' has no folder 'consul'",
    })
    await expect(provision({ formulas: [{ git: './repository', ref: 'v3' }] })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^'git checkout' ended with exit code \d+ for '\.\/repository': .*v3/),
    })
    await expect(provision({ formulas: [{ git: './gone' }] })).rejects.toThrow(/^'git clone' ended with exit code 128 for '\.\/gone': /)
  })

  test('is settled when it is a commit', () => {
    const cacheable = (formulas: SaltMasterlessOptions['formulas']) =>
      saltMasterless({ states: 'a', ...(formulas && { formulas }) }).cacheable
    expect(cacheable(undefined)).toEqual({ revision: 2 })
    expect(cacheable(['a', { git: 'b', ref: 'a'.repeat(40) }])).toEqual({ revision: 2 })
    expect(cacheable([{ git: 'b', ref: 'v1' }])).toEqual({ never: 'a formula may have other states than it did' })
  })
})

describe('a failure', () => {
  test.each([
    [1, '', 'salt-call failed with exit code 1: the states do not compile'],
    [
      2,
      '  ID: a\n    Function: pkg.installed\n  Result: True\n  Comment: fine\n  ID: b\n    Function: file.managed\n  Result: False\n  Comment: in /s/states/b\n  ID: c\n    Function: x.y\n  Result: False\n  Comment: One or more requisite failed\n',
      'salt-call failed with exit code 2: b (file.managed): in salt/b (and 1 more)',
    ],
    [70, '[INFO    ] a\n[ERROR   ] no such thing\n', 'salt-call failed with exit code 70: no such thing'],
    [137, '', 'salt-call failed with exit code 137'],
  ])('with exit code %i', async (exitCode, stdout, message) => {
    const machine = fakeMachine().on(/salt-call --local/, { exitCode, stdout })
    await expect(provision({}, machine)).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode, message })
  })
})

describe('a definition', () => {
  const issuesOf = async (options: object): Promise<readonly string[]> => {
    const step = saltMasterless(options as SaltMasterlessOptions) // wrong on purpose
    const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: [step] })
    return (await validate(image, { directory })).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  }

  test('is checked before anything starts', async () => {
    expect(await issuesOf({ states: 'salt/', pillar: 'pillar', formulas: ['formula'], minionConfig: 'minion', grains: 'minion' })).toEqual(
      [],
    )
    expect(await issuesOf({ states: 'pillar', state: 'a', grains: { a: [1] } })).toEqual([])
    expect(await issuesOf({ states: 'formula' })).toMatchInlineSnapshot(`
      [
        "states: 'formula/top.sls' does not exist",
      ]
    `)
    expect(await issuesOf({ states: 'no', pillar: 'minion', formulas: ['no'], grains: 'no' })).toMatchInlineSnapshot(`
      [
        "states: 'no' does not exist",
        "formulas.0: 'no' does not exist",
        "pillar: 'minion' is not a directory",
        "grains: 'no' does not exist",
      ]
    `)
    const wrong = { statesDirectory: '/srv', pillarDirectory: '/srv/../etc', formulas: [{ git: '-a', path: '../b', refs: 'c' }] }
    expect(await issuesOf({ states: 'salt', ...wrong })).toMatchInlineSnapshot(`
      [
        "statesDirectory: must be a folder such as '/srv/salt', not "/srv"",
        "formulas.0.git: must be a repository, and no option, not "-a"",
        "formulas.0.path: must be a folder of the repository, not "../b"",
        "formulas.0.refs: unknown option 'refs'",
        "pillarDirectory: must be a folder such as '/srv/salt', not "/srv/../etc"",
        "pillarDirectory: needs a pillar",
      ]
    `)
    expect(await issuesOf({ state: '../a', logLevel: 'loud', grains: 1, pilar: 'x' })).toMatchInlineSnapshot(`
      [
        "states: is required",
        "grains: must be a string, not 1",
        "logLevel: must be 'all' or 'garbage' or 'trace' or 'debug' or 'info' or 'warning' or 'error' or 'critical' or 'quiet', not "loud"",
        "pilar: unknown option 'pilar'",
      ]
    `)
  })

  test('says what the step is', () => {
    expect(saltMasterless({ states: 'a/salt' })).toMatchObject({ type: 'salt-masterless', title: 'salt highstate of salt' })
    expect(saltMasterless({ states: 'a', state: ['x', 'y'] }).title).toBe('salt x, y')
  })
})
