import { expectMachine, planOf, rehearse } from '@imago/testing'
import { expect, test } from 'vitest'

import image from './image.ts'

// no provider is needed: the provisioners run on a fake machine that records what they do
test('the site is uploaded before it is greeted', async () => {
  const { machines } = await rehearse(image, { directory: import.meta.dirname })
  expectMachine(machines.oci).toHaveUploaded('/srv/site')
  expectMachine(machines.oci).toHaveRun(/echo "Hello from/)
})

test('what will be done', () => {
  const [build] = planOf(image).builds
  expect(build?.provisioners.map(({ type, title }) => `${type}: ${title}`)).toEqual(['file: upload site to /srv', 'shell: greet'])
  expect(build?.postProcessors.flat().map(({ type }) => type)).toEqual(['checksum', 'manifest'])
})
