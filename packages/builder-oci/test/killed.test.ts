import { describe } from 'vitest'

import { buildAgent, needs, whyNotRoot } from './bench.ts'
import { killedTests } from './killed.ts'

await buildAgent()
const { title, skip } = needs('a killed build of root', 'root', whyNotRoot())

describe.skipIf(skip)(title, killedTests)
