import { describe } from 'vitest'

import { becomeNobody, checkBuilt, needs, whyNoNamespaces } from './bench.ts'
import { escapeTests } from './escape.ts'

checkBuilt()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a root that a user runs commands in${why}`, () => {
  escapeTests()
})
