import { describe } from 'vitest'

import { buildAgent, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import { escapeTests } from './escape.ts'

await buildAgent()
const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a root that root runs commands in${why}`, () => {
  escapeTests()
})
