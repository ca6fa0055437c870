import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { nullBuilder } from '@imago/builder-null'
import { sshCommunicator } from '@imago/communicator-ssh'
import { secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip, skipWithoutRoot } from '../../../test/requirement.ts'
import type { Sshd } from '../../communicator-ssh/test/sshd.ts'
import { makeAccount, rootOf, startSshd } from '../../communicator-ssh/test/sshd.ts'
import { plugin } from '../src/index.ts'
import { openSessionFolder } from '../src/session-folder.ts'
import { sshArguments, writeSshConfig } from '../src/ssh-config.ts'
import { makeDefinition, processesAbout, runOn } from './bench.ts'

const skip =
  reasonToSkip({ ansible: 'ansible-playbook --version', sshd: '/usr/sbin/sshd -V; test $? != 127', sudo: 'sudo -V' }) || skipWithoutRoot()

describe.skipIf(skip !== '')(`ansible over SSH${skip}`, () => {
  let machine: Sshd
  let bastion: Sshd
  beforeAll(async () => {
    ;[machine, bastion] = await Promise.all([startSshd(), startSshd()])
  })
  afterAll(async () => {
    await Promise.all([machine.stop(), bastion.stop()])
  })

  test('uses the login of the build, through its bastion, and leaves nothing behind', async () => {
    await using definition = await makeDefinition({
      'play/site.yml': `
- hosts: web:database
  tasks:
    - ansible.builtin.copy:
        dest: "{{ target }}/copied"
        content: "{{ imago_build_name }} {{ packer_builder_type }} {{ port + 1 }} {{ token }} {{ own.list | last }} {{ from_file }}"
    - ansible.builtin.command: printenv SSH_CONNECTION TOKEN
      environment: { TOKEN: "{{ token }}" }
      register: said
    - ansible.builtin.debug: { var: said.stdout_lines }
    - ansible.builtin.import_role: { name: base }
    - ansible.builtin.import_role: { name: elsewhere }
    - { ansible.builtin.fail: { msg: left out }, tags: [never-this] }
`,
      'play/roles/base/tasks/main.yml': '- ansible.builtin.template: { src: groups.j2, dest: "{{ target }}/groups" }\n',
      'play/roles/base/templates/groups.j2': '{{ group_names | join(" ") }}',
      'shared/roles/elsewhere/tasks/main.yml': '- ansible.builtin.file: { path: "{{ target }}/elsewhere", state: touch }\n',
      'variables.yml': 'from_file: 3',
    })
    const through = { host: '127.0.0.1', port: bastion.port, key: { inline: bastion.keys.privateKey } }
    const { directory } = definition
    const { status, messages, said, left } = await runOn(
      nullBuilder({ ...rootOf(machine), bastions: [through] }),
      {
        playbook: 'play/site.yml',
        rolesPath: ['shared/roles'],
        groups: ['web'],
        emptyGroups: ['database'],
        hostAlias: 'cow',
        hostVariables: { own: { list: [1, 'two'] } },
        extraVariables: (facts) => ({ port: 80, token: secret('very secret'), target: directory, user_there: facts.user ?? '' }),
        variableFiles: ['variables.yml'],
        skipTags: ['never-this'],
        connection: 'ssh',
      },
      { directory },
    )
    expect({ status, left }).toEqual({ status: 'succeeded', left: [] })
    expect(await readFile(join(directory, 'copied'), 'utf8')).toBe('machine null 81 very secret two 3')
    expect(await readFile(join(directory, 'groups'), 'utf8')).toBe('web')
    expect(messages).toContain('cow: 6 ok, 4 changed')
    expect(said.of('progress').at(-1)).toMatchObject({ task: 'tasks of play/site.yml', done: 6, unit: 'items' })
    const output = said.output()
    expect(output).toContain('TASK [base : ansible.builtin.template]')
    expect(output).toContain('"<secret>"')
    expect(output).not.toContain('\u001e')
    expect(JSON.stringify(said.events)).not.toContain('very secret')
  })

  test('becomes another user with a password', async () => {
    const account = await makeAccount()
    const rule = `/etc/sudoers.d/${account.name}`
    try {
      await writeFile(rule, `${account.name} ALL=(ALL) ALL\n`, { mode: 0o440 })
      await using definition = await makeDefinition({
        'site.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - { ansible.builtin.command: id -un, register: root }
    - { ansible.builtin.command: id -un, register: own, become: false }
    - { ansible.builtin.debug: { msg: "{{ own.stdout }} is {{ root.stdout }}" } }
    - { name: hidden, ansible.builtin.command: "false {{ ansible_become_password }}", no_log: true }
`,
      })
      const { error, said, left } = await runOn(
        nullBuilder({ ...rootOf(machine), user: account.name }),
        { playbook: 'site.yml', become: { password: secret(account.password) } },
        definition,
      )
      expect(said.output()).toContain(`"msg": "${account.name} is root"`)
      expect(error?.message).toMatch(/^the task 'hidden' .*site.yml:8\) failed on default: the output has been hidden/)
      expect(JSON.stringify(said.events)).not.toContain(account.password)
      expect(left).toEqual([])
    } finally {
      await rm(rule, { force: true })
      await account.remove()
    }
  })

  test('a failed task is an error with its place, its host and its message', async () => {
    await using definition = await makeDefinition({
      'play/site.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - { name: never mind, ansible.builtin.command: "false", ignore_errors: true }
    - name: look for the cow
      ansible.builtin.shell: echo "no {{ item }} here" >&2; exit 3
      loop: [cow, calf]
`,
    })
    const { directory } = definition
    const { error, messages, left } = await runOn(nullBuilder(rootOf(machine)), { playbook: 'play/site.yml' }, { directory })
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 2 })
    expect(error?.message).toBe(
      `the task 'look for the cow' (${directory}/play/site.yml:6) failed on default: non-zero return code (exit code 3): no cow here`,
    )
    expect(messages).toContain('default: 1 ok, 1 changed, 1 failed, 1 ignored')
    expect(left).toEqual([])
  })

  test('a machine that Ansible does not reach is an error with the task, and says why', async () => {
    await using definition = await makeDefinition({
      'site.yml': '- { hosts: all, gather_facts: false, tasks: [{ ansible.builtin.command: id }] }',
    })
    const { error, left } = await runOn(
      nullBuilder(rootOf(machine)),
      { playbook: 'site.yml', hostVariables: { ansible_port: 1 } },
      definition,
    )
    expect(error?.code).toBe('NETWORK')
    expect(error?.message).toMatch(/^Ansible does not reach default for the task 'ansible.builtin.command' .*port 1: Connection refused/)
    expect(left).toEqual([])
  })

  test('a playbook that ends the connection fails, unless its step may do so', async () => {
    await using definition = await makeDefinition({
      'site.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: "true"
    - name: end it
      ansible.builtin.shell: |
        p=$$
        while :; do
          case $(cat /proc/$p/comm) in sshd*) break ;; esac
          p=$(awk '/^PPid:/ { print $2 }' /proc/$p/status)
        done
        kill -9 $p
`,
    })
    const { error } = await runOn(nullBuilder(rootOf(machine)), { playbook: 'site.yml' }, definition)
    expect(error).toMatchObject({ code: 'DISCONNECTED', hint: expect.stringContaining('expectDisconnect') })
    expect(error?.message).toMatch(/^Ansible does not reach any more default for the task 'end it' /)
    const expecting = await runOn(nullBuilder(rootOf(machine)), { playbook: 'site.yml', expectDisconnect: true }, definition)
    expect([expecting.status, expecting.left]).toEqual(['succeeded', []])
    expect(expecting.said.of('message').find(({ text }) => text.includes('unreachable'))?.data).toMatchObject({
      playbook: 'site.yml',
      host: 'default',
      ok: 1,
      changed: 1,
      failed: 0,
      unreachable: 1,
    })
  })

  test('a cancel ends everything, on this machine and in the other one', async () => {
    const token = `48${process.pid}`
    await using definition = await makeDefinition({
      'site.yml': `- { hosts: all, gather_facts: false, tasks: [{ name: sleep, ansible.builtin.command: "sleep ${token}" }] }`,
    })
    const cancel = new AbortController()
    const running = runOn(
      nullBuilder(rootOf(machine)),
      { playbook: 'site.yml' },
      { directory: definition.directory, signal: cancel.signal },
    )
    await expect.poll(() => processesAbout(`sleep ${token}`).length, { timeout: 20_000 }).toBeGreaterThan(0)
    cancel.abort()
    expect(await running).toMatchObject({ status: 'cancelled', left: [] })
    expect(processesAbout(`sleep ${token}`)).toEqual([])
  })

  test('a sweep ends the connection that a killed run has left, and removes its files', async () => {
    const ctx = provisionContext()
    const { value: folder, record } = await openSessionFolder(ctx)
    await using reached = await sshCommunicator(rootOf(machine), ctx)
    if (reached.connection?.kind !== 'ssh') throw new Error('not over SSH')
    const config = await writeSshConfig(folder, reached.connection)
    await promisify(execFile)('ssh', [...sshArguments(folder, config), '127.0.0.1', 'true'])
    expect(processesAbout(folder)).toHaveLength(1)
    const [kind] = plugin.resourceKinds
    await kind?.destroy(record, ctx.signal)
    await expect.poll(() => processesAbout(folder)).toEqual([])
    expect(existsSync(folder)).toBe(false)
  })
})
