import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { nullBuilder } from '@imago/builder-null'
import type { Issue } from '@imago/core'
import { defineImage, preflight } from '@imago/core'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { AnsibleOptions } from '../src/index.ts'
import { ansible } from '../src/index.ts'
import { makeDefinition } from './bench.ts'

const skip = reasonToSkip({ ansible: 'ansible-playbook --version' })

const files = {
  'good.yml': `
- hosts: web
  vars_files: [more.yml]
  roles: [beside]
  tasks: [{ ansible.builtin.debug: { msg: "{{ not_known_yet }} {{ more }}" } }]
`,
  'more.yml': 'more: 1\n',
  'roles/beside/tasks/main.yml': '- ansible.builtin.ping:\n',
  'bad.yml': '- hosts: all\n  tasks:\n    - name: moo\n     ansible.builtin.ping:\n',
  'module.yml': '- { hosts: all, tasks: [{ moo.cow.say: { words: moo } }] }\n',
  'role.yml': '- { hosts: all, roles: [nowhere] }\n',
  'requirements.yml': 'roles: [{ name: nowhere, src: https://127.0.0.1:1/role.tar.gz }]\ncollections: [moo.cow]\n',
}

describe.skipIf(skip !== '')(`a playbook before anything starts${skip}`, () => {
  afterEach(() => void vi.unstubAllEnvs())

  async function issuesOf(directory: string, ...options: readonly AnsibleOptions[]): Promise<readonly Issue[]> {
    // nobody is at the port: no host is asked
    const builders = { host: nullBuilder({ host: '127.0.0.1', port: 1 }) }
    const image = defineImage({ name: 'checked', builders, provisioners: options.map((each) => ansible(each)) })
    return await preflight(image, { directory })
  }

  test('is read by Ansible: what is wrong with it is told with its place, and nothing is changed', async () => {
    await using definition = await makeDefinition({ ...files, 'temporary/kept': '' })
    const { directory } = definition
    vi.stubEnv('TMPDIR', join(directory, 'temporary'))
    const before = await readdir(directory, { recursive: true })
    expect(
      await issuesOf(directory, { playbook: 'good.yml' }, { playbook: 'bad.yml' }, { playbook: 'module.yml' }, { playbook: 'role.yml' }),
    ).toEqual([
      {
        path: ['provisioners', 1, 'playbook'],
        message: expect.stringMatching(/^the playbook 'bad\.yml' cannot be run: .*\/bad\.yml:4:6\)$/),
      },
      {
        path: ['provisioners', 2, 'playbook'],
        message: expect.stringContaining("couldn't resolve module/action 'moo.cow.say'"),
        hint: expect.stringContaining('galaxyFile'),
      },
      {
        path: ['provisioners', 3, 'playbook'],
        message: expect.stringContaining("the role 'nowhere' was not found"),
        hint: expect.stringContaining('galaxyFile'),
      },
    ])
    expect(await readdir(directory, { recursive: true })).toEqual(before)
  })

  test('may need what is fetched only when it runs; without Ansible that is told', async () => {
    await using definition = await makeDefinition(files)
    const galaxy = { galaxyFile: 'requirements.yml', galaxyCache: 'cache' }
    const command = '/nowhere/ansible-playbook'
    const options = [
      { playbook: 'module.yml', ...galaxy },
      { playbook: 'role.yml', ...galaxy },
      { playbook: 'good.yml', command },
    ]
    expect(await issuesOf(definition.directory, ...options)).toEqual([
      {
        path: ['provisioners', 2, 'command'],
        message: `there is no program '${command}' on this machine`,
        hint: expect.stringContaining('install ansible-core'),
      },
    ])
    await definition.write('bad.yml', files['bad.yml'])
    expect(await issuesOf(definition.directory, { playbook: 'bad.yml', ...galaxy })).toHaveLength(1)
  })
})
