import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { communicatorContract } from '@imago/testing'
import type { Engine } from '@imago/docker-engine'

import type { BuildContainer } from '../src/build-container.ts'
import { ContainerCommunicator } from '../src/container-communicator.ts'
import { findEngine, makeImage, startShellContainer } from './real-engine.ts'

const { engine, reason } = await findEngine()

describe.skipIf(engine === undefined)(`a container's communicator${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let container: BuildContainer
  let image = ''

  beforeAll(async () => {
    image = await makeImage(engine as Engine)
    container = await startShellContainer(engine as Engine, image)
  })
  afterAll(async () => {
    await engine?.containers.remove(container.name)
    await engine?.images.remove(image)
  })

  test('other programs find the container by its id, unless its commands have an environment of their own', () => {
    const { id } = container
    expect(new ContainerCommunicator(container).connection).toEqual({ kind: 'docker', container: id, engine: engine?.endpoint, user: '' })
    expect(new ContainerCommunicator({ ...container, env: { TOKEN: 'x' } }).connection).toBeUndefined()
  })

  communicatorContract({ describe, test, afterAll, open: async () => new ContainerCommunicator(container) })
})
