import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage, secret } from '@imago/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { agentsImage, look, makingMs, skipped, trial, write } from '../../configuration-management/test/debian-image.ts'
import type { AnsibleLocalOptions } from '../src/index.ts'
import { ansibleLocal } from '../src/index.ts'

const site = `- hosts: web
  roles: [cow, hay]
  tasks:
    - ansible.builtin.template: { src: motd.j2, dest: /srv/motd }
    - ansible.builtin.shell: cat /proc/[0-9]*/cmdline >/srv/processes
    - ansible.builtin.copy: { content: "{{ colour }} {{ owner }} {{ packer_build_name }}", dest: /srv/vars }
      become: true
      become_user: "{{ owner }}"
`

const files = {
  'play/site.yml': site,
  'play/templates/motd.j2': 'Moo from {{ inventory_hostname }}.\n',
  'play/roles/cow/tasks/main.yml': '- ansible.builtin.file: { path: /srv, mode: "0777" }\n',
  'more/hay/tasks/main.yml': '- ansible.builtin.command: touch /srv/hay\n',
  'vars/web.yml': 'owner: builder\n',
  'failing.yml': `- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: touch /srv/x
    - name: this one does not
      ansible.builtin.command: cat /nothing/there
`,
  'syntax/site.yml': '- hosts: all\n  tasks: [ {\n',
  'slow.yml': '- hosts: all\n  gather_facts: false\n  tasks: [ { ansible.builtin.command: sleep 100 } ]\n',
  'hosts.ini': '[db]\na.example.org\n',
  'db.yml': '- hosts: db\n  gather_facts: false\n  tasks: [ { ansible.builtin.command: "touch /srv/{{ inventory_hostname }}" } ]\n',
}

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-ansible-local-'))
  await write(directory, files)
})
afterEach(async () => await rm(directory, { recursive: true }))

describe.skipIf(skipped !== '')(`ansibleLocal(), with Debian's Ansible${skipped}`, { timeout: 120_000 }, () => {
  beforeAll(() => void agentsImage(), makingMs)

  const build = async (options: AnsibleLocalOptions, see = 'true', more: { readonly timeout?: '3s'; readonly image?: string } = {}) => {
    const { image = agentsImage(), ...common } = more
    const step = ansibleLocal({ ...options, ...common, continueOnError: common.timeout !== undefined })
    const after = look(
      `${see}; ls -d /tmp/imago-* /tmp/.ansible* ~/.ansible 2>/dev/null; grep -lz '^100$' /proc/[0-9]*/cmdline; echo looked`,
    )
    const builder = docker({ image, pull: 'never', result: { type: 'discard' } })
    const definition = defineImage({ name: 'cow', builders: { docker: builder }, provisioners: [step, after], errorCleanup: [after] })
    const result = await trial(definition, directory)
    return { ...result, said: result.events.output('docker', 'stdout') }
  }

  test('runs a playbook with its roles, variables and templates, and leaves nothing', async () => {
    const { error, said, events } = await build(
      {
        playbook: 'play/site.yml',
        roles: ['more/hay'],
        groups: ['web'],
        hostAlias: 'cow',
        groupVars: 'vars',
        extraVariables: { colour: secret('brown-and-white') },
      },
      'cat /srv/motd /srv/vars; ls -d /srv/hay; stat -c %U /srv/vars; grep -c brown-and-white /srv/processes',
    )
    expect(error).toBe('')
    expect(said).toMatch(/\nMoo from cow\.\n<secret> builder docker\/srv\/hay\nbuilder\n0\nlooked\n$/)
    expect(events.of('message').map(({ text }) => text)).toContainEqual(expect.stringMatching(/^cow: 6 ok, 5 changed/))
  })

  test('names the task that failed, its place here, the host and the message', async () => {
    const { report, said } = await build({ playbook: ['db.yml', 'failing.yml'], inventory: 'hosts.ini' }, 'ls /srv')
    expect(report.builds[0]?.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 2 })
    expect(report.builds[0]?.error?.message).toMatch(
      /^the task 'this one does not' \(failing\.yml:5\) failed on a\.example\.org: .*\/nothing\/there: No such file or directory$/,
    )
    expect(said).toMatch(/\na\.example\.org\nx\nlooked\n$/)
  })

  test.each([
    [{ playbook: 'syntax/site.yml' }, /^the playbook 'syntax\/site\.yml' cannot be run: .*syntax\/site\.yml/i],
    [{ playbook: 'db.yml' }, /^no play of 'db\.yml' is for the machine of the build$/],
  ])('says what is wrong with a playbook: %j', async (options, message) => {
    expect((await build(options)).error).toMatch(message)
  })

  test('ends in the middle when it is told to, and leaves nothing', async () => {
    const { error, said, report } = await build({ playbook: 'slow.yml' }, 'true', { timeout: '3s' })
    expect(error).toBe('')
    expect(report.builds[0]?.steps.map(({ status }) => status)).toContain('failed')
    expect(said).toMatch(/looked\n$/)
    expect(said).not.toMatch(/\/(?:tmp|proc)\//)
  })

  test('says what to install where there is no Ansible', async () => {
    const { report } = await build({ playbook: 'db.yml' }, 'true', { image: 'debian:12' })
    expect(report.builds[0]?.error).toMatchObject({
      code: 'TOOL_MISSING',
      message: "there is no program 'ansible-playbook' in the machine",
      hint: expect.stringContaining("install: 'package' installs ansible-core"),
    })
  })
})
