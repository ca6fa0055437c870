import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { displayWidth, padEnd, truncate } from './display-width.ts'

describe('displayWidth', () => {
  test.each([
    ['', 0],
    ['docker', 6],
    ['日本語', 6],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['é', 1],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['1', 1],
    ['━─✓⠋', 4],
    ['a\u200Bb', 2],
    ['\u001B[31mred\u001B[39m', 3],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})

describe('truncate', () => {
  test.each([
    ['docker', 6, 'docker'],
    ['docker', 5, 'dock…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['docker', 1, '…'],
    ['docker', 0, ''],
    ['\u001B[31mdocker\u001B[39m', 4, '\u001B[31mdoc…\u001B[39m'],
  ])('%j to %i cells is %j', (text, cells, cut) => {
    expect(truncate(text, cells, '…')).toBe(cut)
  })

  test('never takes more room than there is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 12 }), (text, cells) => {
        expect(displayWidth(truncate(text, cells, '…'))).toBeLessThanOrEqual(cells)
      }),
    )
  })
})

test('padEnd counts cells', () => {
  expect(padEnd('日本', 6)).toBe('日本  ')
  expect(padEnd('docker', 3)).toBe('docker')
})
