import { expectMachine, planOf, rehearse } from '@imago/testing'
import { expect, test } from 'vitest'

import image from './image.ts'

test('the version is written into the page, after the site is there', async () => {
  const web = await image.with({ version: '1.1' })
  const { machines } = await rehearse(web, { directory: import.meta.dirname })
  expectMachine(machines.docker).toHaveUploaded('/srv/site/index.html')
  expectMachine(machines.docker).toHaveRun(/sed -i/, { env: { SITE_VERSION: '1.1' } })
})

test('it starts from the base image', async () => {
  const web = await image.with({})
  expect(planOf(web).builds[0]).toMatchObject({ after: ['base.docker'] })
})
