import { afterAll, beforeAll, describe, test } from 'vitest'
import { communicatorContract } from '@imago/testing'

import { buildAgent, needs, whyNotRoot } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

const { title, skip } = needs('a machine of root', 'root', whyNotRoot())

describe.skipIf(skip)(title, () => {
  let machine: TestMachine

  beforeAll(async () => {
    await buildAgent()
    machine = await startTestMachine()
  })
  afterAll(async () => await machine[Symbol.asyncDispose]())

  communicatorContract({ describe, test, afterAll, open: () => Promise.resolve(machine.connect()) })
})
