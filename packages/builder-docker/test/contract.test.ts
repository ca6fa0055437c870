import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'
import { builderContract } from '@imago/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { docker } from '../src/index.ts'
import { findEngine, makeImage } from './real-engine.ts'

const { reason } = await findEngine()

describe.skipIf(reason !== undefined)(`docker()${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let engine: Engine
  let image = ''
  beforeAll(async () => {
    engine = await connectEngine()
    image = await makeImage(engine)
  })
  afterAll(async () => {
    await engine.images.remove(image, { force: true })
    engine.close()
  })

  builderContract({
    describe,
    test,
    afterAll,
    builder: () => docker({ image, pull: 'never' }),
    exists: async ({ kind, name }) => kind === 'docker-container' && (await engine.containers.inspect(name)) !== undefined,
  })
})
