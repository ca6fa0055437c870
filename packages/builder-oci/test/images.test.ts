import { describe } from 'vitest'

import { buildAgent, needs, whyNoNamespaces, whyNotRoot } from './bench.ts'
import { imageTests } from './images.ts'

await buildAgent()
const { skip, why } = needs('root', whyNotRoot() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`an image that root builds${why}`, () => {
  imageTests()
})
