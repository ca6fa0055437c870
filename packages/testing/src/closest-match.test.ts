import { describe, expect, test } from 'vitest'

import { closest, lineDiff, literalText, similarity } from './closest-match.ts'

describe('similarity', () => {
  test('is 1 for the same and 0 for nothing in common', () => {
    expect(similarity('apt-get', 'apt-get')).toBe(1)
    expect(similarity('abc', 'xyz')).toBe(0)
    expect(similarity('', 'x')).toBe(0)
  })
  test('prefers the nearer', () => {
    const near = (text: string): number => similarity('apt-get install nginx', text)
    expect(closest(['yum install nginx', 'apt-get instal -y nginx', 'apt'], near)).toBe('apt-get instal -y nginx')
    expect(closest([], near)).toBeUndefined()
  })
})

test('literalText keeps the words of an expression', () => {
  expect(literalText(/^apt-get\s+(install|remove)\.d/)).toBe(' apt-get   install remove .d')
})

describe('lineDiff', () => {
  test('keeps common lines', () => {
    expect(lineDiff('a\nb\nc', 'a\nx\nc\nd')).toBe('  a\n- b\n+ x\n  c\n+ d')
  })
  test('does not compare thousands of lines', () => {
    expect(lineDiff('a\n'.repeat(1000), 'b')).toBe('- 1001 lines\n+ 1 other lines')
  })
})
