import { afterAll, beforeAll, describe, test } from 'vitest'
import { communicatorContract } from '@imago/testing'

import { becomeNobody, buildAgent, needs } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

await buildAgent()
const { title, skip } = needs('a machine of a user', 'userns', becomeNobody())

describe.skipIf(skip)(title, () => {
  let machine: TestMachine

  beforeAll(async () => {
    machine = await startTestMachine()
  })
  afterAll(async () => await machine[Symbol.asyncDispose]())

  communicatorContract({ describe, test, afterAll, open: () => Promise.resolve(machine.connect()), owners: false })
})
