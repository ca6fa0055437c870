import { describe, expect, test } from 'vitest'

import { fakeHost, fakeOutput } from '../../test/fake-host.ts'
import { lookOf } from './look.ts'
import { asciiSymbols } from './symbols.ts'

const terminal = fakeOutput({ isTerminal: true })

describe('lookOf', () => {
  test.each([
    [true, {}, false],
    [false, {}, true],
    [false, { noColor: true }, false],
    [false, { terminal: 'dumb' }, false],
    [false, { noColor: true, forceColor: true }, true],
    [true, { forceColor: true }, false],
    [false, { forceColor: false }, false],
  ])('--no-color %s and %j: colours %s', (noColor, environment, colors) => {
    expect(lookOf(fakeHost({ stdout: terminal, environment }), 'stdout', { noColor }).colors).toBe(colors)
  })

  test('dresses nothing that is no terminal, unless it must', () => {
    expect(lookOf(fakeHost(), 'stdout', { noColor: false }).colors).toBe(false)
    expect(lookOf(fakeHost({ environment: { forceColor: true } }), 'stdout', { noColor: false }).style('red', 'x')).toBe(
      '\u001B[31mx\u001B[39m',
    )
  })

  test('keeps to ASCII on the Linux console', () => {
    expect(lookOf(fakeHost({ environment: { terminal: 'linux' } }), 'stdout', { noColor: false }).symbols).toBe(asciiSymbols)
  })
})
