import { secret } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { extraVariables, inventory } from './inventory.ts'
import { playbookArguments } from './playbook-arguments.ts'
import type { PlaybookSettings } from './playbook-options.ts'

test('the inventory has the machine, its variables with their types, and its groups', () => {
  const ctx = provisionContext()
  const settings = {
    hostAlias: 'cow',
    groups: ['web'],
    emptyGroups: ['web', 'database'],
    hostVariables: { port: 80, list: [true, null, { token: secret('a secret') }] },
    become: { password: secret('pass word') },
  }
  expect(inventory(settings, { ansible_host: '192.0.2.7' }, ctx)).toEqual({
    all: {
      hosts: {
        cow: { ansible_host: '192.0.2.7', port: 80, list: [true, null, { token: 'a secret' }], ansible_become_password: 'pass word' },
      },
      children: { web: { hosts: { cow: {} } }, database: { hosts: {} } },
    },
  })
  expect(ctx.said.secrets).toEqual(['a secret', 'pass word'])
})

test('variables that go before all others: what the build is, and the options', () => {
  const facts = { buildName: 'docker', builderType: 'docker', runId: 'r', image: 'i', httpUrl: 'http://10.0.2.2:80/x' }
  const ctx = provisionContext({ facts })
  expect(extraVariables({ extraVariables: ({ image }) => ({ image, packer_http_addr: 'mine' }) }, ctx)).toEqual({
    imago_build_name: 'docker',
    imago_builder_type: 'docker',
    imago_http_url: 'http://10.0.2.2:80/x',
    packer_build_name: 'docker',
    packer_builder_type: 'docker',
    packer_http_addr: 'mine',
    image: 'i',
  })
})

test('arguments', () => {
  const { facts } = provisionContext()
  const paths = { playbook: '/p/site.yml', inventories: ['/i'], variables: ['/a', '/b'] }
  expect(playbookArguments({}, paths, facts)).toEqual(['--inventory', '/i', '--extra-vars', '@/a', '--extra-vars', '@/b', '/p/site.yml'])
  const settings: PlaybookSettings = {
    become: { user: 'me', method: 'doas' },
    tags: ['a', 'b'],
    skipTags: ['c'],
    verbosity: 3,
    extraArguments: ({ buildName }) => ['--diff', buildName],
  }
  expect(playbookArguments(settings, { ...paths, variables: [] }, facts).join(' ')).toBe(
    '--inventory /i --become --become-user me --become-method doas --tags a,b --skip-tags c -vvv --diff fake /p/site.yml',
  )
  expect(playbookArguments({ become: true }, { ...paths, variables: [] }, facts)).toContain('--become')
  expect(playbookArguments({ become: false }, { ...paths, variables: [] }, facts)).not.toContain('--become')
})
