import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Issue } from '@imago/core'
import { defineImage, secret, validate } from '@imago/core'
import { fakeBuilder, fakeMachine, provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { ansible } from './ansible.ts'
import type { AnsibleOptions } from './ansible-options.ts'
import { plugin } from './plugin.ts'
import { openSessionFolder } from './session-folder.ts'
import { writeSshConfig } from './ssh-config.ts'

const issuesOf = (options: object): readonly Issue[] => ansible(options as AnsibleOptions).validate?.() ?? []

test('names every problem of its options', () => {
  expect(issuesOf({ playbook: 'site.yml' })).toEqual([])
  const wrong = {
    playbok: 'site.yml',
    groups: ['web-servers'],
    hostAlias: 'two words',
    extraVariables: { 'not-a-name': 1, when: new Date(0) },
    verbosity: 9,
    connection: 'adapter',
    user: 'me',
    galaxyForce: true,
    become: { password: 'plain' },
  }
  const said = issuesOf(wrong).map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
  expect(said).toEqual([
    expect.stringMatching(/^groups\.0: 'web-servers' is not a name of a group/),
    expect.stringMatching(/^hostAlias: must be a name/),
    expect.stringMatching(/^extraVariables.*not-a-name/),
    expect.stringMatching(/^extraVariables\.when: /),
    expect.stringMatching(/^become/),
    expect.stringMatching(/^verbosity: must be 0 to 6/),
    expect.stringMatching(/^playbook: /),
    expect.stringMatching(/^playbok: .*playbook/),
    expect.stringMatching(/^galaxyForce: needs galaxyFile/),
    expect.stringMatching(/^user: the adapter logs in as the build's own user/),
  ])
})

test('reads the playbook with its folder, and what else the options name', () => {
  const options: AnsibleOptions = {
    playbook: 'play/site.yml',
    galaxyFile: 'play/requirements.yml',
    rolesPath: ['roles'],
    variableFiles: ['vars.yml'],
    inventories: ['hosts'],
    reads: ['keys'],
  }
  expect(ansible(options).inputs?.()).toMatchObject([
    { path: 'play/site.yml', at: ['playbook'], kind: 'file' },
    { path: 'play', at: ['playbook'], kind: 'directory' },
    { path: 'play/requirements.yml', at: ['galaxyFile'], kind: 'file' },
    { path: 'keys', at: ['reads', 0] },
    { path: 'roles', at: ['rolesPath', 0], kind: 'directory' },
    { path: 'hosts', at: ['inventories', 0] },
    { path: 'vars.yml', at: ['variableFiles', 0], kind: 'file' },
  ])
  for (const playbook of ['site.yml', './site.yml', '../site.yml', '/site.yml']) {
    expect(ansible({ playbook }).inputs?.()).toEqual([{ path: playbook, at: ['playbook'], kind: 'file' }])
  }
})

test('need not be done again where all that it reads is known', () => {
  expect(ansible({ playbook: 'play/site.yml' }).cacheable).toEqual({ revision: 1 })
  expect(ansible({ playbook: 'site.yml', reads: ['roles'] }).cacheable).toEqual({ revision: 1 })
  expect(ansible({ playbook: 'site.yml', reads: [] }).cacheable).toEqual({ revision: 1 })
  expect(ansible({ playbook: 'site.yml' }).cacheable).toMatchObject({ never: expect.stringContaining('name it with reads') })
  expect(ansible({ playbook: 'play/site.yml', galaxyFile: 'r.yml', galaxyForce: true }).cacheable).toHaveProperty('never')
})

test('a machine that runs Windows is none for it', () => {
  expect(ansible({ playbook: 'site.yml' }).platform).toBe('posix')
})

test('a playbook that is not there is found before anything starts', async () => {
  const image = defineImage({ name: 'i', builders: { fake: fakeBuilder() }, provisioners: [ansible({ playbook: 'play/site.yml' })] })
  const issues = await validate(image, { directory: '/nowhere' })
  expect(issues[0]).toMatchObject({ path: ['provisioners', 0, 'playbook'], message: "'play/site.yml' does not exist" })
})

test('says what to install when Ansible is not there, and leaves no file', async () => {
  const ctx = provisionContext({ machine: fakeMachine(), directory: tmpdir() })
  const running = ansible({ playbook: 'site.yml', command: 'no-such-ansible', connection: 'adapter' }).provision(ctx)
  await expect(running).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: "there is no program 'no-such-ansible' on this machine",
    hint: expect.stringContaining('install ansible-core'),
  })
  expect(ctx.resources.log.map(({ what }) => what)).toEqual(['intended', 'acquired', 'released'])
})

test('is refused where the machine has no such way in', async () => {
  for (const connection of ['ssh', 'docker'] as const) {
    const ctx = provisionContext({ machine: fakeMachine(), directory: tmpdir() })
    await expect(ansible({ playbook: 'site.yml', connection }).provision(ctx)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('the adapter goes into every machine'),
    })
  }
  const ctx = provisionContext({ machine: fakeMachine(), directory: tmpdir() })
  await expect(ansible({ playbook: 'site.yml', user: 'me' }).provision(ctx)).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
})

test('a sweep removes the files of a killed run, and nothing else', async () => {
  const ctx = provisionContext()
  const { value: path, record } = await openSessionFolder(ctx)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  const [kind] = plugin.resourceKinds
  const elsewhere = await mkdtemp(join(tmpdir(), 'not-ours-'))
  await kind?.destroy({ ...record, data: { path: elsewhere } }, ctx.signal)
  expect((await stat(elsewhere)).isDirectory()).toBe(true)
  await rm(elsewhere, { recursive: true })
  await kind?.destroy(record, ctx.signal)
  await kind?.destroy(record, ctx.signal)
  await expect(stat(path)).rejects.toThrow('ENOENT')
})

test('OpenSSH gets each server of the way with its own key and host key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ssh-config-'))
  const server = (host: string) => ({
    host,
    port: 22,
    user: 'me',
    keys: [{ privateKey: secret(`key of ${host}`) }],
    hostKey: `ssh-ed25519 ${host}`,
  })
  const machine = { ...server('fe80::1'), keys: [], agent: '/run/100%/agent', forwardAgent: '/run/agent' }
  const path = await writeSshConfig(folder, { kind: 'ssh', ...machine, bastions: [server('first'), server('second')] })
  const config = (await readFile(path, 'utf8')).replaceAll(folder, '@')
  expect(config.split('Host *\n')[0]).toBe(`Host imago-bastion-0
  HostName first
  Port 22
  User "me"
  HostKeyAlias imago-bastion-0
  ProxyJump none
  IdentityFile "@/imago-bastion-0-key-0"
  IdentityAgent none
  IdentitiesOnly yes
Host imago-bastion-1
  HostName second
  Port 22
  User "me"
  HostKeyAlias imago-bastion-1
  ProxyJump imago-bastion-0
  IdentityFile "@/imago-bastion-1-key-0"
  IdentityAgent none
  IdentitiesOnly yes
Host * !imago-bastion-*
  HostName fe80::1
  Port 22
  User "me"
  HostKeyAlias imago-machine
  ProxyJump imago-bastion-1
  ForwardAgent "/run/agent"
  IdentityFile none
  IdentityAgent "/run/100%%/agent"
`)
  expect(await readFile(join(folder, 'imago-bastion-1-key-0'), 'utf8')).toBe('key of second\n')
  expect((await stat(join(folder, 'imago-bastion-1-key-0'))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(folder, 'known_hosts'), 'utf8')).toBe(
    'imago-bastion-0 ssh-ed25519 first\nimago-bastion-1 ssh-ed25519 second\nimago-machine ssh-ed25519 fe80::1\n',
  )
  await rm(folder, { recursive: true })
})
