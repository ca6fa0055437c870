import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { OutputLines } from './output-lines.ts'
import { Redactor } from './redactor.ts'

const password = `p@ss "wörd" it's/100%<`

function masking(...values: string[]): Redactor {
  const redactor = new Redactor()
  for (const value of values) redactor.add(value)
  return redactor
}

/** What is shown of some output that comes in these chunks. */
function show(redactor: Redactor, chunks: readonly Uint8Array[]): string {
  const shown: string[] = []
  const lines = new OutputLines(redactor, (_, text) => shown.push(text))
  for (const chunk of chunks) lines.write('stdout', chunk)
  lines.flush()
  return shown.join('')
}

describe('forms of a secret', () => {
  test.for([
    ['as it is', password],
    ['base64', Buffer.from(password).toString('base64')],
    ['base64url', Buffer.from(password).toString('base64url')],
    ['hex', Buffer.from(password).toString('hex')],
    ['URL', encodeURIComponent(password)],
    ['form', new URLSearchParams({ x: password }).toString().slice(2)],
    ['JSON', JSON.stringify(password).slice(1, -1)],
    ['JSON in ASCII', String.raw`p@ss \"w\u00f6rd\" it's/100%<`],
    ['JSON that may stand in HTML', String.raw`p@ss \"wörd\" it's/100%\u003c`],
    ['single quotes of a shell', password.replaceAll("'", `'\\''`)],
    ['double quotes of a shell', password.replaceAll('"', '\\"')],
    ['backslashes of a shell', password.replaceAll(/[^\w@%+=:,./-]/g, '\\$&')],
  ])('%s', ([, form]) => {
    expect(masking(password).text(`before ${form} after`)).toBe('before <secret> after')
  })

  test.for([0, 1, 2, 3, 4, 5])('base64 of something longer that contains it, at offset %i', (offset) => {
    const text = `${'u'.repeat(offset)}${password}tail`
    const masked = masking(password).text(Buffer.from(text).toString('base64'))
    expect(masked).toContain('<secret>')
    expect(masked.replace('<secret>', '').length).toBeLessThan(16)
  })

  test.for([64, 76])('base64 in lines of %i characters', (length) => {
    const token = Array.from({ length: 200 }, (_, index) => String.fromCharCode(48 + ((index * 7) % 70))).join('')
    const lines =
      Buffer.from(`${token}\n`)
        .toString('base64')
        .match(new RegExp(`.{1,${length}}`, 'g')) ?? []
    expect(lines.length).toBeGreaterThan(2)
    expect(
      masking(token)
        .text(lines.join('\n'))
        .replaceAll(/<secret>|\n/g, '').length,
    ).toBeLessThan(6)
  })

  test('each line of a secret with several lines', () => {
    const masked = masking('first line\nsecond line\n').text('x second line y first line z')
    expect(masked).toBe('x <secret> y <secret> z')
  })

  test('a secret that contains another is masked whole', () => {
    expect(masking('abcd', 'abcdefgh').text('abcdefgh')).toBe('<secret>')
  })

  test('less than 4 characters are left alone', () => {
    expect(masking('abc').text('abcabc')).toBe('abcabc')
  })

  test('values of plain JSON are masked in depth, their names are not', () => {
    expect(masking('hunter2').value({ hunter2: ['x hunter2', { y: 'hunter2' }], n: 1, b: true, z: null })).toEqual({
      hunter2: ['x <secret>', { y: '<secret>' }],
      n: 1,
      b: true,
      z: null,
    })
  })
})

describe('output', () => {
  test('a secret that is split over chunks, at any place, never shows', () => {
    const text = `a line\n${password}${password}\npartial ${password.slice(0, 7)} and ${password}`
    const bytes = Buffer.from(text)
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(show(masking(password), [bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(text.replaceAll(password, '<secret>'))
    }
  })

  test('chunks do not matter (property)', () => {
    const piece = fc.constantFrom('abab', 'ababc', 'ab', 'c', 'b', '\n', 'é', 'x')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(80), { maxLength: 8 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''))
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        const shown = show(masking('ababc', 'xcab'), chunks)
        expect(shown).not.toContain('ababc')
        expect(shown).not.toContain('xcab')
        expect(shown.replaceAll('<secret>', '').length).toBeLessThanOrEqual(pieces.join('').length)
      }),
      { numRuns: 500 },
    )
  })

  test('without secrets nothing changes, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
        expect(show(new Redactor(), chunks)).toBe(new TextDecoder().decode(Buffer.concat(chunks)))
      }),
    )
  })

  test('goes on at full speed with a private key and a hundred tokens to mask', () => {
    const line = (seed: number): string => createHash('sha384').update(String(seed)).digest('base64')
    const key = Array.from({ length: 50 }, (_, index) => line(index)).join('\n')
    const redactor = masking(key, ...Array.from({ length: 100 }, (_, index) => line(1000 + index)))
    const output = Buffer.from('Get:1 http://mirror.example/debian bookworm/main amd64 libssl3 amd64 3.0.11 [2019 kB]\n'.repeat(10))
    const started = performance.now()
    const shown = show(redactor, [...Array.from({ length: 4000 }, () => output), Buffer.from(line(7))])
    expect(shown.endsWith('\n<secret>')).toBe(true)
    expect(performance.now() - started).toBeLessThan(3000) // well under a second; several when every form is looked for in turn
  })

  test('comes in whole lines, and a very long line in pieces', () => {
    const shown: string[] = []
    const lines = new OutputLines(new Redactor(), (_, text) => shown.push(text))
    lines.write('stdout', Buffer.from('one\ntw'))
    lines.write('stdout', Buffer.from('o\nthree'))
    lines.write('stdout', Buffer.from('x'.repeat(100_000)))
    expect(shown[0]).toBe('one\n')
    expect(shown[1]).toBe('two\n')
    expect(shown[2]).toHaveLength(100_005)
    lines.flush()
    expect(shown).toHaveLength(3)
  })
})
