import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs } from './bench.ts'
import { killedTests } from './killed.ts'

await buildAgent()
const { title, skip } = needs('a killed build of a user', 'userns', becomeNobody())

describe.skipIf(skip)(title, killedTests)
