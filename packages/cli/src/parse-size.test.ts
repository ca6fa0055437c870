import { expect, test } from 'vitest'

import { parseSize } from './parse-size.ts'

test.each([
  ['10GB', 10e9],
  ['1.5g', 1.5e9],
  ['500 MB', 500e6],
  ['12', 12],
  ['3kb', 3000],
])('%s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

test.each(['', 'GB', '-1GB', '1 XB', '1GiB', '1e3'])('%j is no size', (text) => expect(parseSize(text)).toBeUndefined())
