import { describe, expect, test } from 'vitest'

import { outputLines, singleLine } from './output-text.ts'

describe('outputLines', () => {
  test.each([
    ['one\ntwo\n', ['one', 'two']],
    ['no end', ['no end']],
    ['\n\n', ['', '']],
    ['', []],
    ['windows\r\n', ['windows']],
    ['10%\r50%\r100%\n', ['100%']],
    ['10%\r50%\r', ['50%']],
    ['\ttab stays\n', ['\ttab stays']],
    ['bell\u0007 and back\u0008space\n', ['bell and backspace']],
    ['\u001B[2J\u001B[1;1Hwiped\u001B[K\n', ['wiped']],
    ['\u001B]0;title\u0007text\u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\\n', ['textlink']],
    ['\u001B(B\u001B=plain\u001B>\n', ['plain']],
    ['half a sequence \u001B[31\n', ['half a sequence 31']],
    ['\u001B[31mred\u001B[0m\n', ['red']],
  ])('%j is shown as %j', (text, lines) => {
    expect(outputLines(text, { colors: false })).toEqual(lines)
  })

  test('keeps colours, and ends them with their line', () => {
    expect(outputLines('\u001B[1;31mred\nstill \u001B[2Jplain\u001B\u0007\n', { colors: true })).toEqual([
      '\u001B[1;31mred\u001B[0m',
      'still plain',
    ])
  })
})

test('singleLine shows the first line of several', () => {
  expect(singleLine('  apt-get\tupdate\n# and more\n')).toBe('apt-get update …')
  expect(singleLine('a name\u001B[2J')).toBe('a name')
})
