import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { BoundedLog } from './bounded-log.ts'
import type { Log, LogPiece } from './log.ts'

function filled(limit: number, pieces: readonly LogPiece[]): Log {
  const log = new BoundedLog(limit)
  for (const { source, text } of pieces) log.add(source, text)
  return log.log()
}

function textOf(pieces: readonly LogPiece[]): string {
  return pieces.map(({ text }) => text).join('')
}

const anyPiece = fc.record({
  source: fc.constantFrom('stdout', 'stderr', 'info'),
  text: fc.array(fc.constantFrom('a', 'bc', '\n', 'line\n', 'x'.repeat(30))).map((parts) => parts.join('')),
})

describe('BoundedLog', () => {
  test('keeps the beginning and the end, and counts what is between', () => {
    fc.assert(
      fc.property(fc.array(anyPiece), fc.integer({ min: 4, max: 200 }), (pieces, limit) => {
        const all = textOf(pieces)
        const { head, omitted = { characters: 0, lines: 0 }, tail } = filled(limit, pieces)
        const [start, end] = [textOf(head), textOf(tail)]
        expect(start.length + end.length).toBeLessThanOrEqual(limit)
        expect(all.startsWith(start) && all.endsWith(end)).toBe(true)
        expect(start.length + omitted.characters + end.length).toBe(all.length)
        expect(all.slice(start.length, all.length - end.length).split('\n').length - 1).toBe(omitted.lines)
      }),
    )
  })

  test('keeps who said what', () => {
    fc.assert(
      fc.property(fc.array(anyPiece), (pieces) => {
        const { head, tail } = filled(1_000_000, pieces)
        const byCharacter = (list: readonly LogPiece[]): string[] =>
          list.flatMap(({ source, text }) => text.split('').map((one) => source + one))
        expect(byCharacter([...head, ...tail])).toEqual(byCharacter(pieces))
      }),
    )
  })

  test('cuts between lines where it can', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('')
    const { head, omitted, tail } = filled(100, [{ source: 'stdout', text: lines }])
    expect([textOf(head), omitted?.lines, textOf(tail)]).toEqual([
      'line 0\nline 1\nline 2\n',
      88,
      Array.from({ length: 9 }, (_, index) => `line ${index + 91}\n`).join(''),
    ])
  })

  test('goes on after it was asked', () => {
    const log = new BoundedLog(40)
    log.add('stdout', `${'a'.repeat(100)}\n`)
    log.log()
    log.add('stdout', `${'b'.repeat(20)}\n`)
    expect(textOf(log.log().tail)).toBe(`${'b'.repeat(20)}\n`)
    expect(log.log().omitted).toEqual({ characters: 101, lines: 1 })
  })
})
