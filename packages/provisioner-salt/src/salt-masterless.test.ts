import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { defineImage, validate } from '@imago/core'
import type { FakeMachine } from '@imago/testing'
import { fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { SaltMasterlessOptions } from './index.ts'
import { saltMasterless } from './index.ts'

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
  return { command: machine.commands.find(({ text }) => text.startsWith('/usr/bin/salt-call'))?.command, files: machine.files }
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
    const { command, files } = await provision({ ...options, logLevel: 'warning', extraArguments: ['--state-output=mixed'] })
    expect(command).toEqual(expect.arrayContaining(['--log-level=warning', '--state-output=mixed', 'state.sls', 'a,b.c']))
    expect(files.text('/s/config/minion')).toBe('minion')
    expect(JSON.parse(files.text('/s/config/grains') ?? '')).toEqual({ roles: ['web'] })
    expect(JSON.parse(files.text('/s/config/minion.d/imago.conf') ?? '')).toMatchObject({
      file_roots: { base: ['/s/states', '/s/formulas/0'] },
      pillar_roots: { base: ['/s/pillar'] },
    })
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
