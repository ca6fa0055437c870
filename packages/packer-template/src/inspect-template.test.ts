import { expect, test } from 'vitest'

import { inspectTemplate } from './index.ts'

test('what a template has in it', async () => {
  const template = {
    description: 'A web server',
    variables: { release: '12', password: null },
    'sensitive-variables': ['password'],
    builders: [
      { type: 'docker', name: 'debian', image: 'debian:{{user `release`}}', commit: true },
      { type: 'hyperv-iso', name: 'box', iso_url: 'x.iso' },
    ],
    provisioners: [
      { type: 'shell', inline: ['echo {{user `release`}} {{isotime "2006-01-02"}}'], only: ['debian'] },
      { type: 'windows-update', inline: ['dir'] },
    ],
    'error-cleanup-provisioner': { type: 'shell-local', inline: ['true'] },
    'post-processors': [[{ type: 'docker-tag', repository: 'example/web', only: ['debian'] }, 'docker-push'], { type: 'vagrant-cloud' }],
  }
  const inspection = await inspectTemplate(
    { path: 'web.json', text: JSON.stringify(template) },
    { directory: '/work', now: new Date('2026-01-02T03:04:05Z') },
  )
  expect(inspection).toEqual({
    name: 'web',
    description: 'A web server',
    variables: [
      { name: 'release', required: false, default: '12', sensitive: false },
      { name: 'password', required: true, sensitive: true },
    ],
    builds: [
      { name: 'debian', type: 'docker', supported: true },
      { name: 'box', type: 'hyperv-iso', supported: false },
    ],
    provisioners: [
      { type: 'shell', title: 'echo 12 2026-01-02', supported: true, only: ['debian'] },
      { type: 'windows-update', title: 'dir', supported: false },
    ],
    errorCleanup: [{ type: 'shell-local', title: 'true', supported: true }],
    postProcessors: [
      [
        { type: 'docker-tag', title: 'example/web', supported: true, only: ['debian'] },
        { type: 'docker-push', title: '', supported: true },
      ],
      [{ type: 'docker-push', title: '', supported: true, only: ['box'] }],
      [{ type: 'vagrant-cloud', title: '', supported: false }],
    ],
    warnings: [],
  })
})
