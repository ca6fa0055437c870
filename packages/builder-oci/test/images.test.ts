import { describe } from 'vitest'

import { buildAgent, needs, whyNotRoot } from './bench.ts'
import { imageTests } from './images.ts'

await buildAgent()
const { title, skip } = needs('an image that root builds', 'root', whyNotRoot())

describe.skipIf(skip)(title, imageTests)
