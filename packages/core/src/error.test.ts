import { expect, test } from 'vitest'

import { errorToJson, ImagoError, messageOf } from './error.ts'

test('an error without a message of its own has those of its parts', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:80'), new Error('connect ECONNREFUSED 127.0.0.1:80')])
  expect(messageOf(refused)).toBe('connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80')
  expect(messageOf(new AggregateError([new Error('x')], 'two things failed'))).toBe('two things failed')
})

test('an error as JSON has the messages of its causes, however long they refer to each other', () => {
  const inner = new Error('inner')
  const outer = new ImagoError('NETWORK', 'outer', { hint: 'try again', cause: inner })
  inner.cause = outer
  expect(errorToJson(outer)).toEqual({
    code: 'NETWORK',
    message: 'outer',
    hint: 'try again',
    causes: ['inner', 'outer', 'inner', 'outer', 'inner', 'outer', 'inner', 'outer'],
  })
})
