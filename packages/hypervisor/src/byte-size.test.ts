import { expect, test } from 'vitest'

import { parseByteSize } from './byte-size.ts'

test.each([
  [1, 1],
  ['512m', 536_870_912],
  ['1.5g', 1_610_612_736],
  ['2t', 2_199_023_255_552],
  ['3k', 3072],
])('%j', (size, bytes) => {
  expect(parseByteSize(size)).toBe(bytes)
})

test.each([0, -1, 1.5, Number.NaN, '', 'm', '1', '1G', '1 g', '-1g', '0g', '99999999t', null, {}])('%j is no size', (size) => {
  expect(parseByteSize(size)).toBeUndefined()
})
