import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs, whyNoNamespaces } from './bench.ts'
import { killedTests } from './killed.ts'

await buildAgent()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a killed build of a user${why}`, () => {
  killedTests()
})
