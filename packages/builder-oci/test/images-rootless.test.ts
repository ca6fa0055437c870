import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs } from './bench.ts'
import { imageTests } from './images.ts'

await buildAgent()
const { title, skip } = needs('an image that a user builds', 'userns', becomeNobody())

describe.skipIf(skip)(title, imageTests)
