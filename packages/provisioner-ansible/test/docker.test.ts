import { docker } from '@imago/builder-docker'
import { beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { makeDefinition, runOn } from './bench.ts'
import { makePythonImage, pythonImage } from './python-image.ts'

const skip = reasonToSkip({
  ansible: 'ansible-playbook --version',
  docker: 'docker image inspect debian:12',
  'community.docker': 'ansible-doc --type connection --json community.docker.docker | grep -q doc',
})

describe.skipIf(skip !== '')(`ansible in a container${skip}`, () => {
  beforeAll(makePythonImage, 180_000)

  const site = `
- hosts: all
  tasks:
    - ansible.builtin.copy: { content: "{{ ansible_distribution }} {{ ansible_connection }} {{ ansible_user_id }}", dest: /tmp/said }
    - ansible.builtin.command: cat /tmp/said
      register: said
    - ansible.builtin.fetch: { src: /tmp/said, dest: said, flat: true }
    - ansible.builtin.debug: { msg: "it is {{ said.stdout }} {{ lookup('env', 'IMAGO_BUILD_NAME') }}" }
`

  test.each([
    ['the connection plugin', {}, 'it is Debian community.docker.docker root machine'],
    ['the adapter, where commands have an environment of their own', { env: { ANIMAL: 'cow' } }, 'it is Debian ssh root machine'],
  ])('through %s', async (_, options, words) => {
    await using definition = await makeDefinition({ 'site.yml': site })
    const { status, error, said, messages, left } = await runOn(
      docker({ image: pythonImage, pull: 'never', result: { type: 'discard' }, ...options }),
      { playbook: 'site.yml' },
      definition,
    )
    expect({ status, error, left }).toEqual({ status: 'succeeded', error: undefined, left: [] })
    expect(said.output()).toContain(words)
    expect(messages).toContain('default: 5 ok, 3 changed')
  })

  test('becoming the user that the container has already needs no sudo', async () => {
    await using definition = await makeDefinition({
      'site.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: id -un
      register: who
    - ansible.builtin.debug: { msg: "it is {{ who.stdout }}" }
`,
    })
    const builder = docker({ image: pythonImage, pull: 'never', result: { type: 'discard' } })
    const { status, said } = await runOn(builder, { playbook: 'site.yml', become: true, connection: 'docker' }, definition)
    expect(status).toBe('succeeded')
    expect(said.output()).toContain('it is root')
  })

  test('without Python it says what to install', async () => {
    await using definition = await makeDefinition({ 'site.yml': site })
    const builder = docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } })
    const { error, left } = await runOn(builder, { playbook: 'site.yml' }, definition)
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', hint: expect.stringContaining('install -y python3') })
    expect(error?.message).toMatch(/^the task 'Gathering Facts' .* failed on default: /)
    expect(left).toEqual([])
  })
})
