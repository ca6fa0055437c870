import { describe } from 'vitest'

import { buildAgent, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import { killedTests } from './killed.ts'

await buildAgent()
const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a killed build of root${why}`, () => {
  killedTests()
})
