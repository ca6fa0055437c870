import { describe } from 'vitest'

import { becomeNobody, checkBuilt, needs, whyNoNamespaces } from './bench.ts'
import { killedTests } from './killed.ts'

checkBuilt()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a killed build of a user${why}`, () => {
  killedTests()
})
