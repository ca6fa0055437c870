import { describe } from 'vitest'

import { becomeNobody, buildAgent, needs } from './bench.ts'
import { escapeTests } from './escape.ts'

await buildAgent()
const { title, skip } = needs('a root that a user runs commands in', 'userns', becomeNobody())

describe.skipIf(skip)(title, escapeTests)
