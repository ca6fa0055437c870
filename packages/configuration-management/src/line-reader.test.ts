import { expect, test } from 'vitest'

import { lineReader } from './line-reader.ts'

function linesOf(...chunks: readonly (readonly ['stdout' | 'stderr', string | Uint8Array])[]): readonly string[] {
  const lines: string[] = []
  const reader = lineReader((line) => lines.push(line))
  for (const [stream, chunk] of chunks) reader.write(stream, Buffer.from(chunk))
  reader.end()
  return lines
}

test('lines come whole, however they are cut, each stream by itself', () => {
  expect(linesOf(['stdout', 'one\ntw'], ['stderr', 'Error: '], ['stdout', 'o\n\nthree'], ['stderr', 'no\r\n'])).toEqual([
    'one',
    'two',
    '',
    'Error: no',
    'three',
  ])
})

test('characters and colours may be cut too', () => {
  const snow = Buffer.from('\u001b[1;31m☃\u001b[0m\n')
  const halves = [snow.subarray(0, 3), snow.subarray(3, 8), snow.subarray(8)]
  expect(linesOf(...halves.map((half) => ['stdout', half] as const))).toEqual(['☃'])
})

test('a line without end does not fill the memory', () => {
  const lines = linesOf(...Array.from({ length: 40 }, () => ['stdout', 'x'.repeat(10_000)] as const), ['stdout', 'end\nnext'])
  expect(lines.map(({ length }) => length)).toEqual([64 * 1024, 4])
})
