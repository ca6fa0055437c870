import { expect, test } from 'vitest'

import { lastLines, linesOf } from './log.ts'

test('lines are put together from what one source said in pieces', () => {
  expect(
    linesOf([
      { source: 'stdout', text: 'a\nb' },
      { source: 'stdout', text: 'c\u001B[0m\n' },
      { source: 'stderr', text: 'bad' },
      { source: 'stdout', text: '10%\r20%\n' },
    ]),
  ).toEqual([
    { source: 'stdout', lines: ['a', 'bc'] },
    { source: 'stderr', lines: ['bad'] },
    { source: 'stdout', lines: ['20%'] },
  ])
})

const log = {
  head: [{ source: 'stdout', text: 'one\ntwo\n' }],
  tail: [
    { source: 'debug', text: 'hidden\n' },
    { source: 'stderr', text: 'three\nfour\n' },
  ],
} as const

test.each([
  [{ lines: 3, characters: 100 }, ['two', 'three', 'four']],
  [{ lines: 10, characters: 9 }, ['three', 'four']],
  [{ lines: 10, characters: 2 }, ['ur']],
])('the last lines: %j', (most, lines) => {
  expect(lastLines(log, most)).toEqual(lines)
})

test('the last lines do not reach over what is left out', () => {
  expect(lastLines({ ...log, omitted: { characters: 9, lines: 1 } }, { lines: 9, characters: 99 })).toEqual(['three', 'four'])
  expect(lastLines({ head: [], tail: [] }, { lines: 9, characters: 99 })).toEqual([])
})
