import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { fakeOutput } from '../../test/fake-host.ts'
import { TerminalScreen } from '../../test/terminal-screen.ts'
import { LiveBlock } from './live-block.ts'

const columns = 20

function open(): { block: LiveBlock; screen: TerminalScreen; writes: readonly string[] } {
  const output = fakeOutput({ isTerminal: true, columns })
  const screen = new TerminalScreen(columns)
  const block = new LiveBlock({
    ...output,
    write(text) {
      output.write(text)
      screen.write(text)
    },
  })
  return { block, screen, writes: output.writes }
}

describe('LiveBlock', () => {
  test('changes its lines in place, below what scrolls by', () => {
    const { block, screen } = open()
    block.update([], ['docker', 'oci'])
    block.update(['Get:1'], ['docker 1s', 'oci'])
    expect(screen.rows).toEqual(['Get:1', 'docker 1s', 'oci'])
    expect(screen.cursorVisible).toBe(false)
  })

  test('writes nothing when nothing has changed, and only the lines that have', () => {
    const { block, writes } = open()
    block.update([], ['docker', 'oci'])
    block.update([], ['docker', 'oci'])
    expect(writes).toHaveLength(1)
    block.update([], ['docker', 'oci 1s'])
    expect(writes[1]).not.toContain('docker')
  })

  test('leaves what scrolled by, and the cursor, when it goes', () => {
    const { block, screen } = open()
    block.update(['Get:1'], ['docker'])
    block.close()
    expect(screen.rows).toEqual(['Get:1'])
    expect(screen.cursorVisible).toBe(true)
  })

  test('wipes out what was typed below it', () => {
    const { block, screen } = open()
    block.update([], ['docker'])
    screen.write('^C')
    block.update([], ['docker 1s'])
    expect(screen.rows).toEqual(['docker 1s'])
  })

  test('shows what it is given after any sequence of updates', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: columns - 1 })
    const long = fc.string({ unit: fc.constantFrom('x', 'y'), minLength: 1, maxLength: 3 * columns })
    const updates = fc.array(fc.record({ above: fc.array(long, { maxLength: 3 }), lines: fc.array(line, { maxLength: 5 }) }), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(updates, (steps) => {
        const { block, screen } = open()
        for (const { above, lines } of steps) block.update(above, lines)
        const wanted = new TerminalScreen(columns)
        for (const text of steps.flatMap(({ above }) => above)) wanted.write(`${text}\n`)
        for (const text of steps.at(-1)?.lines ?? []) wanted.write(`${text}\n`)
        expect(screen.rows).toEqual(wanted.rows)
      }),
    )
  })
})
