import { lstat } from 'node:fs/promises'

import { builderContract } from '@imago/testing'
import { afterAll, describe, test } from 'vitest'

import { hostBinaries, oci } from '../src/index.ts'
import { checkBuilt, whyNoNamespaces } from './bench.ts'

checkBuilt()
const hasCommands = (await whyNoNamespaces()) === undefined

builderContract({
  describe,
  test,
  afterAll,
  builder: () => oci({ from: hostBinaries({ commands: ['sh'] }) }),
  command: hasCommands ? 'true' : undefined,
  exists: (resource) =>
    lstat(resource.name).then(
      () => true,
      () => false,
    ),
})
