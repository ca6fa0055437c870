import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs, whyNoNamespaces } from './bench.ts'
import { escapeTests } from './escape.ts'

await buildAgent()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a root that a user runs commands in${why}`, () => {
  escapeTests()
})
