import { describe } from 'vitest'

import { checkBuilt, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import { killedTests } from './killed.ts'

checkBuilt()
const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a killed build of root${why}`, () => {
  killedTests()
})
