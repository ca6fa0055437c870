import { describe } from 'vitest'

import { checkBuilt, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import { escapeTests } from './escape.ts'

checkBuilt()
const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`a root that root runs commands in${why}`, () => {
  escapeTests()
})
