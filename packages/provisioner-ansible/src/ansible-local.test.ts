import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { defineImage, secret, validate } from '@imago/core'
import { expectMachine, fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { AnsibleLocalOptions } from './index.ts'
import { ansibleLocal } from './index.ts'

/** Stands for ansible-galaxy: makes what it is asked for. */
const galaxy = `#!/bin/sh
while [ "$1" != "--$2" ] && [ $# -gt 1 ]; do case $1 in --roles-path | --collections-path) mkdir -p "$2/fetched" ;; esac; shift; done
`

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-ansible-local-'))
  const files = ['play/site.yml', 'play/web/web.yml', 'site.yml', 'roles/a/x', 'one/role/x', 'group/g.yml', 'hosts.ini', 'vars.yml']
  for (const file of [...files, 'work/x']) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), file)
  }
  await writeFile(join(directory, 'requirements.yml'), 'roles: [a]\n')
  await writeFile(join(directory, 'galaxy'), galaxy)
  await chmod(join(directory, 'galaxy'), 0o755)
})
afterEach(async () => await rm(directory, { recursive: true }))

async function provision(options: AnsibleLocalOptions) {
  const machine = fakeMachine().on(/command -v/, { stdout: '/usr/bin/ansible-playbook\n' })
  const context = provisionContext({ machine, directory, workDirectory: join(directory, 'work') })
  await ansibleLocal({ stagingDirectory: '/s', sudo: false, ...options }).provision(context)
  const runs = machine.commands.filter(({ command }) => command[0] === '/usr/bin/ansible-playbook')
  return { machine, runs, files: machine.files }
}

const ownFiles = ['--inventory', '/s/inventory/inventory.json', '--extra-vars', '@/s/variables.json']

describe('the command', () => {
  test('takes the folder of the playbook, an inventory and variables, the last two private', async () => {
    const { runs, files, machine } = await provision({ playbook: 'play/site.yml', extraVariables: { token: secret('hunter22') } })
    expect(runs.map(({ command, cwd }) => [command, cwd])).toEqual([
      [['/usr/bin/ansible-playbook', ...ownFiles, '/s/playbook/0/site.yml'], '/s/playbook/0'],
    ])
    expect(files.text('/s/playbook/0/web/web.yml')).toBe('play/web/web.yml')
    expect(files.entry('/s/variables.json')).toMatchObject({ mode: 0o600 })
    expect(JSON.parse(files.text('/s/variables.json') ?? '')).toMatchObject({ token: 'hunter22', imago_build_name: 'fake' })
    expect(JSON.parse(files.text('/s/inventory/inventory.json') ?? '')).toMatchObject({
      all: { hosts: { default: { ansible_connection: 'local' } } },
    })
    expectMachine(machine).inOrder([
      /^mkdir -m 1777 -- \/tmp\/\.ansible-s$/,
      /ansible-playbook/,
      /^rm -rf -- \/tmp\/\.ansible-s$/,
      /^rm -rf -- \/s$/,
    ])
  })

  test('has all that is asked for', async () => {
    const { runs, files } = await provision({
      playbook: ['site.yml', 'play/web/web.yml'],
      playbookDirectory: '.',
      rolesPath: ['roles'],
      roles: ['one/role'],
      collectionsPath: ['roles'],
      groupVars: 'group',
      hostVars: 'group',
      inventory: 'hosts.ini',
      variableFiles: ['vars.yml'],
      tags: ['a'],
      verbosity: 2,
      environment: { ANSIBLE_TIMEOUT: '5' },
      extraArguments: ({ buildName }) => ['--limit', buildName],
    })
    const own = ['--inventory', '/s/inventory/hosts.ini', '--extra-vars', '@/s/variables/0-vars.yml', '--extra-vars', '@/s/variables.json']
    const flags = ['--tags', 'a', '-vv', '--limit', 'fake']
    expect(runs.map(({ command }) => command)).toEqual([
      ['/usr/bin/ansible-playbook', ...own, ...flags, '/s/playbook/0/site.yml'],
      ['/usr/bin/ansible-playbook', ...own, ...flags, '/s/playbook/0/play/web/web.yml'],
    ])
    expect(runs[0]?.env).toMatchObject({
      ANSIBLE_ROLES_PATH: '/s/playbook/0/roles:/s/roles/0:/s/roles/own:~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles',
      ANSIBLE_COLLECTIONS_PATH: '/s/playbook/0/collections:/s/collections/0:~/.ansible/collections:/usr/share/ansible/collections',
      ANSIBLE_TIMEOUT: '5',
    })
    expect(files.paths).toEqual(
      expect.arrayContaining(['/s/roles/own/role/x', '/s/inventory/group_vars/g.yml', '/s/inventory/host_vars/g.yml']),
    )
    expect(files.entry('/s/variables/0-vars.yml')).toMatchObject({ mode: 0o600 })
  })

  test('brings roles that this machine fetches', async () => {
    const options = { galaxyFile: 'requirements.yml', galaxyCommand: join(directory, 'galaxy'), galaxyCache: 'work/galaxy' }
    const { runs, files } = await provision({ playbook: 'site.yml', ...options })
    expect(files.follow('/s/roles/fetched/fetched')).toMatchObject({ kind: 'directory' })
    expect(runs[0]?.env['ANSIBLE_ROLES_PATH']).toMatch(/^\/s\/roles\/fetched:/)
    await expect(
      provision({ playbook: 'site.yml', galaxyFile: 'requirements.yml', galaxyCommand: '/nowhere', galaxyCache: 'work/other' }),
    ).rejects.toMatchObject({ code: 'TOOL_MISSING', hint: expect.stringContaining('install ansible-core on this machine too') })
  })
})

describe('a definition', () => {
  const issuesOf = async (options: object): Promise<readonly string[]> => {
    const step = ansibleLocal(options as AnsibleLocalOptions) // wrong on purpose
    const image = defineImage({ name: 'a', builders: { b: fakeBuilder() }, provisioners: [step] })
    return (await validate(image, { directory })).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
  }

  test('is checked before anything starts', async () => {
    expect(await issuesOf({ playbook: ['site.yml', 'play/site.yml'], roles: ['one/role'], groups: ['web'], install: 'package' })).toEqual(
      [],
    )
    expect(await issuesOf({ playbook: ['no.yml', 'no/site.yml'], roles: ['site.yml'], groupVars: 'no', galaxyFile: 'no' }))
      .toMatchInlineSnapshot(`
      [
        "playbook.0: 'no.yml' does not exist",
        "playbook.1: 'no/site.yml' does not exist",
        "playbook.1: 'no' does not exist",
        "roles.0: 'site.yml' is not a directory",
        "groupVars: 'no' does not exist",
        "galaxyFile: 'no' does not exist",
      ]
    `)
    expect(
      await issuesOf({
        playbook: 'site.yml',
        playbookDirectory: 'play',
        inventory: 'hosts.ini',
        groups: ['a-b'],
        galaxyForce: true,
        env: {},
      }),
    ).toMatchInlineSnapshot(`
      [
        "groups.0: 'a-b' is not a name of a group: letters, digits and _, not "a-b"",
        "env: unknown option 'env'",
        "groups: inventory and groups exclude each other",
        "playbook: 'site.yml' is not in playbookDirectory, 'play'",
        "galaxyForce: needs galaxyFile",
      ]
    `)
  })

  test('says what the step is', () => {
    expect(ansibleLocal({ playbook: ['a/site.yml', 'b.yml'] })).toMatchObject({
      type: 'ansible-local',
      title: 'ansible-playbook site.yml, b.yml',
    })
  })

  test('names the folder of a playbook that has one of its own', () => {
    const inputs = (playbook: string, more = {}) =>
      ansibleLocal({ playbook, ...more })
        .inputs?.()
        .map(({ path }) => path)
    expect(inputs('play/site.yml')).toEqual(['play/site.yml', 'play'])
    expect(inputs('../../site.yml')).toEqual(['../../site.yml'])
    expect(inputs('play/web/web.yml', { playbookDirectory: 'play' })).toEqual(['play/web/web.yml', 'play'])
  })
})
