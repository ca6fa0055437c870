import { expect, test } from 'vitest'

import { cut } from './cut.ts'

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'longe…'],
  ['ab🐄', 3, 'ab…'],
])('%j in %d characters is %j', (text, length, expected) => {
  expect(cut(text, length)).toBe(expected)
})
