import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseBootCommand } from './boot-command.ts'
import { waitForScreen, waitForText } from './boot-wait.ts'
import type { Key } from './key.ts'
import { scancodes } from './key.ts'

/** What the characters are on a US keyboard by scan code, from 0x02 on: without shift, and with it. */
const layout: readonly (readonly [firstCode: number, plain: string, shifted: string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x0f, '\tqwertyuiop[]\n', '\tQWERTYUIOP{}\n'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [0x39, ' ', ' '],
]

/** What a guest makes of a boot command's keys, by their scan codes. */
function typedText(command: string): string {
  let text = ''
  let shift = false
  for (const step of parseBootCommand(command).steps) {
    for (const event of step.type === 'keys' ? step.events : []) {
      const [code = 0] = scancodes(event)
      if ((code & 0x7f) === 0x2a) shift = event.down
      else if (event.down) text += characterOf(code, shift)
    }
  }
  return text
}

function characterOf(code: number, shift: boolean): string {
  const row = layout.find(([first, plain]) => code >= first && code < first + plain.length)
  return row?.[shift ? 2 : 1][code - row[0]] ?? `(${code.toString(16)})`
}

const keysOf = (command: string): string =>
  parseBootCommand(command)
    .steps.flatMap((step) =>
      step.type === 'keys' ? step.events.map(({ key, down }) => `${down ? '+' : '-'}${key}`) : [JSON.stringify(step)],
    )
    .join(' ')

const waitsOf = (command: string): readonly number[] =>
  parseBootCommand(command).steps.flatMap((step) => (step.type === 'wait' ? [step.ms] : []))

const issuesOf = (command: Parameters<typeof parseBootCommand>[0]): readonly string[] =>
  parseBootCommand(command).issues.map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )

describe('text', () => {
  test('every printable character and every mix of them comes out as it is', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')
    expect(typedText(printable.replace('<', '<lt>'))).toBe(printable)
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...printable.split(''), '\n', '\t'), maxLength: 60 }), (text) => {
        expect(typedText(text.replaceAll('<', '<lt>'))).toBe(text)
      }),
    )
  })

  test('a character that needs shift gets it, for itself only', () => {
    expect(keysOf('aB!')).toBe('+a -a +shift +b -b -shift +shift +1 -1 -shift')
  })

  test('a < that begins no key is a character', () => {
    expect(typedText('a < b <<')).toBe('a < b <<')
    expect(typedText('x<')).toBe('x<')
    expect(typedText('<lt>enter>')).toBe('<enter>')
    expect(typedText('<>')).toBe('<>')
  })

  test('what no key types is an issue', () => {
    expect(issuesOf('größe😀')).toEqual([
      ": no key of a US keyboard types 'ö'",
      ": no key of a US keyboard types 'ß'",
      ": no key of a US keyboard types '😀'",
    ])
    expect(typedText('größe')).toBe('gre')
  })
})

describe('keys', () => {
  test.each<[string, Key]>([
    ['bs', 'backspace'],
    ['del', 'delete'],
    ['enter', 'ret'],
    ['return', 'ret'],
    ['esc', 'esc'],
    ['tab', 'tab'],
    ['spacebar', 'spc'],
    ['insert', 'insert'],
    ['home', 'home'],
    ['end', 'end'],
    ['pageUp', 'pgup'],
    ['pageDown', 'pgdn'],
    ['up', 'up'],
    ['down', 'down'],
    ['left', 'left'],
    ['right', 'right'],
    ['menu', 'compose'],
    ['leftAlt', 'alt'],
    ['rightAlt', 'alt_r'],
    ['leftCtrl', 'ctrl'],
    ['rightCtrl', 'ctrl_r'],
    ['leftShift', 'shift'],
    ['rightShift', 'shift_r'],
    ['leftSuper', 'meta_l'],
    ['rightSuper', 'meta_r'],
    ['f1', 'f1'],
    ['f9', 'f9'],
    ['f10', 'f10'],
    ['f12', 'f12'],
  ])('<%s>, in any capitals, and held', (name, key) => {
    expect(keysOf(`<${name}>`)).toBe(`+${key} -${key}`)
    expect(keysOf(`<${name.toUpperCase()}>`)).toBe(`+${key} -${key}`)
    expect(keysOf(`<${name}On><${name}Off>`)).toBe(`+${key} -${key}`)
    expect(keysOf(`<${name.toLowerCase()}on>`)).toBe(`+${key}`)
  })

  test('characters can be held, those of the brackets too', () => {
    expect(keysOf('<leftCtrlOn>c<leftCtrlOff>')).toBe('+ctrl +c -c -ctrl')
    expect(keysOf('<aOn><aOff><<On><>Off><!On>')).toBe('+a -a +comma -dot +1')
  })

  test('scan codes: a release has its highest bit, and some keys a byte before it', () => {
    expect(scancodes({ key: 'ret', down: true })).toEqual([0x1c])
    expect(scancodes({ key: 'ret', down: false })).toEqual([0x9c])
    expect(scancodes({ key: 'up', down: true })).toEqual([0xe0, 0x48])
    expect(scancodes({ key: 'ctrl_r', down: false })).toEqual([0xe0, 0x9d])
  })

  test('an unknown key is an issue, with the one that was meant', () => {
    expect(issuesOf('<entr>')).toEqual([": there is no key '<entr>' (did you mean '<enter>'? write '<lt>entr>' to type it as it stands)"])
    expect(issuesOf('<leftCtlOn>')).toEqual([
      ": there is no key '<leftCtlOn>' (did you mean '<leftCtrlOn>'? write '<lt>leftCtlOn>' to type it as it stands)",
    ])
    expect(issuesOf('<f13>')).toEqual([": there is no key '<f13>' (did you mean '<f1>'? write '<lt>f13>' to type it as it stands)"])
    expect(issuesOf('<html>')).toEqual([": there is no key '<html>' (write '<lt>html>' to type it as it stands)"])
    expect(issuesOf('<éOn>')).toEqual([": there is no key '<éOn>' (write '<lt>éOn>' to type it as it stands)"])
  })
})

describe('waits', () => {
  test.each<[string, number]>([
    ['<wait>', 1000],
    ['<wait5>', 5000],
    ['<wait10>', 10_000],
    ['<wait0>', 0],
    ['<wait1m>', 60_000],
    ['<wait1m30s>', 90_000],
    ['<wait1h2m3s>', 3_723_000],
    ['<wait500ms>', 500],
    ['<wait1.5s>', 1500],
    ['<wait250us>', 0.25],
    ['<WAIT2S>', 2000],
  ])('%s', (command, ms) => {
    expect(waitsOf(command)).toEqual([ms])
  })

  test('a wait that is none, or is too long, is an issue', () => {
    const hint = "(waits are '<wait>', '<wait10>' (seconds), '<wait1m30s>')"
    expect(issuesOf('<wait1x>')).toEqual([`: there is no key '<wait1x>' ${hint}`])
    expect(issuesOf('<waiting>')).toEqual([`: there is no key '<waiting>' ${hint}`])
    expect(issuesOf('<wait9999999999>')).toEqual([": '<wait9999999999>' is too long (24 days at most)"])
  })
})

test('elements are done in order, and issues say in which one they are', () => {
  const text = waitForText('boot:')
  const screen = waitForScreen('menu.png', { tolerance: 2 })
  const { steps } = parseBootCommand(['<esc><wait>', text, 'a', screen])
  expect(steps.map(({ type }) => type)).toEqual(['keys', 'wait', 'wait-for-text', 'keys', 'wait-for-screen'])
  expect(steps[2]).toBe(text)
  expect(issuesOf(['a', text, 'b<entr>', '<entr>'])).toEqual([
    expect.stringMatching(/^2: there is no key '<entr>'/),
    expect.stringMatching(/^3: there is no key '<entr>'/),
  ])
})

test('waits are plain JSON', () => {
  const waits = [
    waitForText(/login: $/m, { timeout: '1m' }),
    waitForText('x'),
    waitForScreen('a.png', { region: { x: 0, y: 1, width: 2, height: 3 } }),
  ]
  expect(JSON.parse(JSON.stringify(waits))).toEqual(waits)
  expect(waits[0]).toEqual({ type: 'wait-for-text', pattern: 'login: $', flags: 'm', timeout: '1m' })
})

test('whatever the text, parsing ends without an error, and says something of every part', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('<', '>', '<wait', '<enter', 'On>', 'Off>', '<leftCtrlOn>', '<<', '\0'),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const { steps, issues } = parseBootCommand(parts.join(''))
      expect(steps.length + issues.length > 0).toBe(parts.join('') !== '')
    }),
    { numRuns: 500 },
  )
})

test('long texts without an end take no time', () => {
  const started = performance.now()
  for (const text of ['<'.repeat(100_000), `<${'a'.repeat(100_000)}`, '<wait1'.repeat(20_000), `<wait${'1'.repeat(50_000)}x>`])
    parseBootCommand(text)
  expect(performance.now() - started).toBeLessThan(5000)
})
