import { expect, test } from 'vitest'

import { formatElapsed } from './format-elapsed.ts'

test.each([
  [-5, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [62_000, '1m02s'],
  [7_500_000, '2h05m'],
])('%d ms have been %s', (ms, text) => {
  expect(formatElapsed(ms)).toBe(text)
})
