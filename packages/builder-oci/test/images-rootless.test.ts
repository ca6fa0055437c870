import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs, whyNoNamespaces } from './bench.ts'
import { imageTests } from './images.ts'

await buildAgent()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`an image that a user builds${why}`, () => {
  imageTests()
})
