import { isImagoError } from '@imago/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { plainJson } from './json-node.ts'
import { parseJson } from './parse-json.ts'

function parsed(text: string): unknown {
  return plainJson(parseJson(text, 't.json').root)
}

function failure(text: string): string {
  try {
    parseJson(text, 't.json')
  } catch (error) {
    if (isImagoError(error, 'DEFINITION_INVALID')) return error.message
    throw error
  }
  return 'no error'
}

test('JSON is read as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(parsed(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('comments, trailing commas, a byte order mark and CRLF are read', () => {
  expect(parsed('\uFEFF// first\r\n{\r\n  "a": [1, 2, /* three */],\r\n  "b": null, // last\r\n}\r\n')).toEqual({ a: [1, 2], b: null })
})

test('of a member that is given twice, the last one counts, with a warning', () => {
  const { root, warnings } = parseJson('{\n "a": 1,\n "a": {"b": 1, "b": 2}\n}', 't.json')
  expect(plainJson(root)).toEqual({ a: { b: 2 } })
  expect(warnings.map(({ at, message }) => `${at.line}:${at.column} ${message}`)).toEqual([
    "3:2 'a' is given twice; the last one counts",
    "3:16 'b' is given twice; the last one counts",
  ])
})

test('values know where they stand', () => {
  const { root } = parseJson('{\r\n  "a": [true,\n    "x"]}', 't.json')
  if (root.kind !== 'object') throw new Error('no object')
  const list = root.members.get('a')
  if (list?.value.kind !== 'array') throw new Error('no array')
  expect(list.at).toEqual({ file: 't.json', line: 2, column: 3 })
  expect(list.value.items[1]?.at).toEqual({ file: 't.json', line: 3, column: 5 })
})

test('errors name file, line and column', () => {
  expect(failure('{\n  "a": 1\n  "b": 2\n}')).toBe("t.json has a problem:\n  t.json:3:3: a ',' is missing")
  expect(failure('')).toBe('t.json has a problem:\n  t.json:1:1: a value is missing')
  expect(failure('{"a": tru}')).toContain('t.json:1:7: this is no JSON value')
  expect(failure('{"a": "x')).toContain('t.json:1:7: this string has no end')
  expect(failure('{} x')).toContain('t.json:1:4: ')
  expect(failure('{"a": "b\tc"}')).toContain('t.json:1:7: this character must be escaped in a string')
})

test('deep nesting is refused, not followed', () => {
  expect(failure('['.repeat(1_000_000))).toBe('t.json has a problem:\n  t.json:1:201: objects and arrays are nested more than 200 deep')
})

test('whatever it is given, it ends with a value or an error of ours', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    '-',
    'true',
    'nul',
    '//',
    '/*',
    '*/',
    '\n',
    '\\',
    '\uFEFF',
    '\u0000',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
      ),
      (text) => {
        expect(typeof failure(text)).toBe('string')
      },
    ),
  )
})

test('10 MB take moments', () => {
  const text = `[${`{"type":"shell","inline":["echo {{user \`a\`}}"]},`.repeat(200_000)}]`
  expect(text.length).toBeGreaterThan(9_000_000)
  const started = performance.now()
  parseJson(text, 't.json')
  expect(performance.now() - started).toBeLessThan(20_000)
})
