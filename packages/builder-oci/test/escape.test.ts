import { describe } from 'vitest'

import { buildAgent, needs, whyNotRoot } from './bench.ts'
import { escapeTests } from './escape.ts'

await buildAgent()
const { title, skip } = needs('a root that root runs commands in', 'root', whyNotRoot())

describe.skipIf(skip)(title, escapeTests)
