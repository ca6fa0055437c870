import type { ContainerSpec, Engine, ImageDetails } from '@imago/docker-engine'
import { buildContext } from '@imago/testing'
import { expect, test } from 'vitest'

import type { DockerRunOptions } from './docker-options.ts'
import { startContainer } from './start-container.ts'

const details: ImageDetails = {
  id: `sha256:${'a'.repeat(64)}`,
  tags: [],
  digests: [],
  size: 1,
  os: 'linux',
  architecture: 'arm64',
  config: {},
  layers: [],
}

/** What the engine is asked to create. It refuses. */
async function specOf(options: DockerRunOptions & { readonly platform?: string }): Promise<ContainerSpec | undefined> {
  let asked: ContainerSpec | undefined
  const create = (spec: ContainerSpec): Promise<never> => {
    asked = spec
    return Promise.reject(new Error('refused'))
  }
  // the rest of an engine is not reached
  const engine = { endpoint: 'unix:///engine', containers: { create } } as unknown as Engine
  const ctx = buildContext({ runId: 'r1', image: 'cow', build: 'docker', directory: '/definitions' })
  await expect(startContainer(engine, { name: 'debian:12', details }, { image: 'debian:12', ...options }, ctx)).rejects.toThrow('refused')
  return asked
}

test('every option of how the container runs reaches the engine', async () => {
  const options = {
    platform: 'linux/arm64',
    volumes: ['.:/here', '../beside:/there:ro', '/etc:/host', 'named:/data'],
    network: 'none',
    privileged: true,
    capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] },
    tmpfs: ['/scratch/', '/small:size=1m'],
    extraHosts: { cow: '10.1.2.3', here: 'host-gateway' },
    devices: ['/dev/kvm'],
    memory: '1.5g',
    runtime: 'runsc',
    init: true,
    hostname: 'barn',
  } as const
  expect(await specOf(options)).toMatchObject({
    name: 'imago-r1-cow-docker',
    image: details.id,
    platform: 'linux/arm64',
    volumes: ['/definitions:/here', '/beside:/there:ro', '/etc:/host', 'named:/data'],
    network: 'none',
    privileged: true,
    capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] },
    tmpfs: { '/scratch': '', '/small': 'size=1m' },
    extraHosts: ['cow:10.1.2.3', 'here:host-gateway'],
    devices: ['/dev/kvm'],
    memory: 1_610_612_736,
    runtime: 'runsc',
    init: true,
    hostname: 'barn',
  })
})

test('the shell is the one that the options name', async () => {
  expect((await specOf({}))?.command.slice(0, 2)).toEqual(['/bin/sh', '-c'])
  expect((await specOf({ shell: '/opt/sh' }))?.command.slice(0, 2)).toEqual(['/opt/sh', '-c'])
})
