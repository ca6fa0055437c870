import { expect, test } from 'vitest'

import { errorLines } from './error-lines.ts'

const style = (_: string, text: string): string => text

test('an error with what is behind it and what to do', () => {
  const error = {
    code: 'NETWORK',
    message: 'no answer\nat all',
    causes: ['connection refused', 'no answer'],
    hint: 'look\ncloser',
  } as const
  expect(errorLines(error, 'imago', style)).toEqual([
    'imago: no answer',
    'at all',
    '  because: connection refused',
    '  hint: look',
    '  closer',
  ])
})

test('what an error quotes neither colours the terminal nor moves its cursor', () => {
  const error = {
    code: 'COMMAND_FAILED',
    message: "'\u001B[31mprintf\u001B[2J' failed\u0007",
    hint: '\u001B]0;title\u0007read its output',
  } as const
  expect(errorLines(error, 'imago', style)).toEqual(["imago: 'printf' failed", '  hint: read its output'])
})
