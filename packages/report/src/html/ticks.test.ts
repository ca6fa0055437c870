import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { tickDistance, ticks } from './ticks.ts'

test.each([
  [1, ['0']],
  [1200, ['0', '500ms', '1s']],
  [13_010, ['0', '5s', '10s']],
  [140_000, ['0', '30s', '1m', '1m30s', '2m']],
  [5_400_000, ['0', '30m', '1h']],
  [9_000_000, ['0', '30m', '1h', '1h30m', '2h']],
])('an axis of %d ms', (length, labels) => {
  expect(ticks(length).map(({ label }) => label)).toEqual(labels)
})

test('an axis has a few marks, whatever its length', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), (length) => {
      expect(length / tickDistance(length)).toBeLessThanOrEqual(5)
      expect(ticks(length)[0]).toEqual({ at: 0, label: '0' })
      expect(ticks(length).every(({ at }) => at <= length)).toBe(true)
    }),
  )
})
