import { expect, test } from 'vitest'

import { often, sparingly } from './eager-limit.ts'

test('an attempt gets more time, the longer it has taken', () => {
  expect([0, 10_000, 30_000, 90_000].map(often)).toEqual([500, 500, 1000, 2000])
  expect([0, 10_000, 30_000, 90_000].map(sparingly)).toEqual([2000, 2000, 5000, 5000])
})
