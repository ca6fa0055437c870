import { afterAll, beforeAll, describe, test } from 'vitest'
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

  communicatorContract({ describe, test, afterAll, open: async () => new ContainerCommunicator(container) })
})
