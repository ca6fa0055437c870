import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

test('the table of errors has every code, and no other', () => {
  const source = readFileSync('packages/core/src/error.ts', 'utf8')
  const union = source.slice(source.indexOf('export type ErrorCode ='), source.indexOf('const brand'))
  const codes = [...union.matchAll(/\| '([A-Z_]+)'/g)].map((match) => match[1])
  const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1])
  expect(codes.length).toBeGreaterThan(10)
  expect(documented).toEqual(codes)
})
