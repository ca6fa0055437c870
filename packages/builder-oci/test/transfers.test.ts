import { afterAll, beforeAll, describe, test } from 'vitest'
import { transferContract } from '@imago/testing'

import { checkBuilt, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a machine of root${why}`, () => {
  let machine: TestMachine

  beforeAll(async () => {
    checkBuilt()
    machine = await startTestMachine()
  })
  afterAll(async () => await machine[Symbol.asyncDispose]())

  transferContract({ describe, test, afterAll, open: () => Promise.resolve(machine.connect()) })
})
