import { execFileSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { nullBuilder } from '@imago/builder-null'
import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { makeDefinition, runOn } from './bench.ts'
import type { Outcome } from './bench.ts'

const skip = reasonToSkip({ ansible: 'ansible-galaxy --version' })
const local = nullBuilder({ communicator: 'local' })

const files = {
  'play/site.yml': '- hosts: all\n  gather_facts: false\n  roles: [fetched]\n  tasks: [{ farm.animals.moo: }]\n',
  'play/requirements.yml': `---
roles:
  - { src: "file://@/fetched.tar.gz", name: fetched }
collections:
  - { name: ../animals, type: dir }
`,
  'fetched/meta/main.yml':
    'galaxy_info: { author: a, description: d, license: MIT, min_ansible_version: "2.1", platforms: [] }\ndependencies: []\n',
  'fetched/tasks/main.yml': '- ansible.builtin.debug: { msg: the fetched role }\n',
  'animals/galaxy.yml': 'namespace: farm\nname: animals\nversion: 1.0.0\nreadme: README.md\nauthors: [a]\n',
  'animals/README.md': 'Animals.',
  'animals/plugins/modules/moo.py':
    'from ansible.module_utils.basic import AnsibleModule\nAnsibleModule(argument_spec={}).exit_json(changed=True, said="moo")\n',
}

describe.skipIf(skip !== '')(`requirements${skip}`, () => {
  test('roles and collections are fetched once, also by two builds at a time, and again when the file changes or they are to be', async () => {
    await using definition = await makeDefinition(files)
    const { directory } = definition
    await definition.write('play/requirements.yml', files['play/requirements.yml'].replace('@', directory))
    execFileSync('tar', ['-czf', 'fetched.tar.gz', 'fetched'], { cwd: directory })
    const galaxy = { galaxyFile: 'play/requirements.yml', galaxyCache: 'cache' }
    const build = async (more: object = {}): Promise<Outcome> =>
      await runOn(local, { playbook: 'play/site.yml', ...galaxy, ...more }, definition)
    const isFetched = ({ said }: Outcome): boolean => said.output().includes('fetched was installed successfully')

    const both = await Promise.all([build(), build()])
    for (const { status, error, left } of both) {
      expect({ status, error, left }).toEqual({ status: 'succeeded', error: undefined, left: [] })
    }
    expect(both.filter(isFetched)).toHaveLength(1)
    expect(both[0]?.said.output()).toContain('the fetched role')
    expect(both[0]?.messages).toContain('default: 2 ok, 1 changed')

    await rm(join(directory, 'fetched.tar.gz'))
    const forced = await build({ galaxyForce: true })
    expect(forced.error).toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^a role of 'play\/requirements.yml' cannot be fetched: .*fetched/),
    })
    const kept = await build()
    expect([kept.status, isFetched(kept)]).toEqual(['succeeded', false])
    expect(await readdir(join(directory, 'cache'))).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)])
  })

  test('a role that cannot be fetched is an error that says why, and leaves nothing in the cache', async () => {
    await using definition = await makeDefinition({ ...files, 'old.yml': '- src: https://127.0.0.1:1/role.tar.gz\n  name: nowhere\n' })
    const { error, left } = await runOn(local, { playbook: 'play/site.yml', galaxyFile: 'old.yml', galaxyCache: 'cache' }, definition)
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 1 })
    expect(error?.message).toMatch(/^a role of 'old.yml' cannot be fetched: nowhere was NOT installed successfully|127\.0\.0\.1/)
    expect(left).toEqual([])
    expect(await readdir(join(definition.directory, 'cache'))).toEqual([])
  })
})
