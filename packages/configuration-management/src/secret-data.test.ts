import { optionSchema, secret } from '@imago/core'
import { expect, test } from 'vitest'

import { plainData, secretDataSchema } from './secret-data.ts'

test('data may hold secrets anywhere, which are masked from then on', () => {
  const data = { a: [1, { b: secret('hunter22') }], c: null, d: secret('hunter33'), e: true }
  const masked: string[] = []
  expect(optionSchema.schemaIssues(secretDataSchema, data)).toEqual([])
  expect(plainData(data, { maskSecret: (value) => masked.push(value) })).toEqual({
    a: [1, { b: 'hunter22' }],
    c: null,
    d: 'hunter33',
    e: true,
  })
  expect(masked).toEqual(['hunter22', 'hunter33'])
})

test('what JSON cannot hold is reported with its place', () => {
  const issues = optionSchema.schemaIssues(secretDataSchema, { a: [1, { b: undefined }], c: Number.NaN, d: () => 1 })
  expect(issues.map(({ path }) => path.join('.'))).toEqual(['a.1.b', 'c', 'd'])
})
