import { afterAll, beforeAll, describe, test } from 'vitest'
import { communicatorContract } from '@imago/testing'

import { becomeNobody, checkBuilt, needs, whyNoNamespaces } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

checkBuilt()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a machine of a user${why}`, () => {
  let machine: TestMachine

  beforeAll(async () => {
    machine = await startTestMachine()
  })
  afterAll(async () => await machine[Symbol.asyncDispose]())

  communicatorContract({ describe, test, afterAll, open: () => Promise.resolve(machine.connect()), owners: false })
})
