import { lstat } from 'node:fs/promises'

import { builderContract } from '@imago/testing'
import { afterAll, describe, test } from 'vitest'

import { hostBinaries, oci } from '../src/index.ts'
import { buildAgent } from './bench.ts'

await buildAgent()

builderContract({
  describe,
  test,
  afterAll,
  builder: () => oci({ from: hostBinaries({ commands: ['sh'] }) }),
  exists: (resource) =>
    lstat(resource.name).then(
      () => true,
      () => false,
    ),
})
