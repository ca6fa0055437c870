import { expect, test } from 'vitest'

import { headline } from './headline.ts'
import type { RecordedStatus } from './statuses.ts'

test.each<[RecordedStatus[], string]>([
  [['succeeded'], 'built'],
  [['succeeded', 'succeeded'], 'all 2 builds succeeded'],
  [['failed'], '1 of 1 build failed'],
  [['failed', 'succeeded', 'cancelled', 'cancelled'], '1 of 4 builds failed, 2 cancelled'],
  [['cancelled', 'not-run', 'unfinished'], '1 cancelled, 2 did not end'],
])('%j: %s', (builds, text) => {
  expect(headline(builds)).toBe(text)
})
