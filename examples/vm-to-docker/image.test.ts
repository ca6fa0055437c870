import { expectMachine, planOf, rehearse } from '@imago/testing'
import { expect, test } from 'vitest'

import image from './image.ts'

// no hypervisor is needed: the provisioners run on a fake machine that records what they do
test('the cow says where it is from', async () => {
  const { machines } = await rehearse(await image.with({}))
  expectMachine(machines.vm).toHaveRun(/Moo from Debian/)
})

test('one build makes a disk and an archive, which becomes a Docker image', async () => {
  const cow = await image.with({ disk: 'https://example.org/disk.qcow2', checksums: 'none', user: 'me' })
  expect(cow.builders.vm.outputs?.().map(({ path }) => path)).toEqual(['out/cow.qcow2', 'out/cow.tar'])
  const [build] = planOf(cow).builds
  expect(build).toMatchObject({ builderType: 'qemu', options: { disk: { checksum: 'none' }, ssh: { user: 'me' } } })
  expect(build?.postProcessors.flat().map(({ type, title }) => `${type}: ${title}`)).toEqual(['docker-import: cow'])
})
