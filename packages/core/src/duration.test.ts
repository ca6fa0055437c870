import { expect, test } from 'vitest'

import { formatDuration, milliseconds, parseDuration } from './duration.ts'

test.for([
  [250, 250],
  ['500ms', 500],
  ['10s', 10_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
] as const)('%s is %i ms', ([duration, ms]) => {
  expect(milliseconds(duration)).toBe(ms)
})

test.for(['', '10', '10 s', 's', '-1s', '1e3s', '10S', '25d', Number.NaN, -1, Infinity, 2 ** 31])('%s is no duration', (duration) => {
  expect(parseDuration(duration)).toBeUndefined()
})

test.for([
  [85, '85ms'],
  [3240, '3.2s'],
  [59_999, '1m00s'],
  [245_000, '4m05s'],
  [3_720_000, '1h02m'],
] as const)('%i ms are shown as %s', ([ms, text]) => {
  expect(formatDuration(ms)).toBe(text)
})
