import fc from 'fast-check'
import { expect, test } from 'vitest'

import { printed, refused } from '../../test/language-oracle.ts'
import { evaluate } from './evaluate.ts'
import { stringFunction } from './go-function.ts'
import { LanguageError } from './language-error.ts'
import { pureFunctions } from './packer-functions.ts'
import { parseTemplate } from './parser.ts'

const now = new Date('2026-11-22T20:07:59.024Z')
const variables: Readonly<Record<string, string>> = { a: 'hello-world', b: 'true', e: '' }
const functions = { ...pureFunctions(now), user: stringFunction(1, (name) => variables[name] ?? '') }

/** What a template prints, or what is wrong with it. */
function render(template: string): string {
  try {
    const nodes = parseTemplate(template, (name) => Object.hasOwn(functions, name))
    return evaluate(nodes, { dot: { Vars: "A='b'", Map: { x: 'y' }, List: ['p', 'q'] }, functions })
  } catch (error) {
    if (error instanceof LanguageError) return `error: ${error.message}`
    throw error
  }
}

test.for(printed)('%s prints %s', ([template, text]) => {
  expect(render(template)).toBe(text)
})

test.for(['clean_resource_name', 'clean_ami_name', 'clean_image_name'])('{{%s}} leaves what names of images may have', (name) => {
  expect(render(`{{"cow: 1.0_x [a] (b) d/e's @f, g+h ü" | ${name}}}`)).toBe("cow- 1.0_x [a] (b) d/e's @f- g-h -")
  expect(render(`{{isotime | ${name}}}`)).toBe('2026-11-22T20-07-59Z')
})

test.for(refused)('%s is refused', (template) => {
  expect(render(template)).toMatch(/^error: /)
})

test('a text without braces stands for itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('{{')),
      (text) => {
        expect(render(text)).toBe(text)
      },
    ),
  )
})

test('strings come out as they went in, whatever is in them', () => {
  const quoted = (text: string): string => JSON.stringify(text)
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, text) => {
      fc.pre(!before.includes('{') && !/\ufffd/.test(text))
      expect(render(`${before}{{${quoted(text)}}}`)).toBe(before + text)
    }),
  )
})

const pieces = fc.constantFrom(
  '{{',
  '}}',
  '{{-',
  ' -}}',
  '(',
  ')',
  '|',
  ' ',
  '.',
  '.A',
  '$',
  '$x',
  ':=',
  '=',
  ',',
  '"a"',
  '"',
  '`',
  "'",
  '1',
  '-',
  'if ',
  'else',
  'end',
  'range ',
  'with ',
  'upper',
  'printf',
  '%9999999d',
  '/*',
  '*/',
  '\\',
  '\n',
)

test('whatever it is given, it ends with a text or an error of ours', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      expect(typeof render(parts.join(''))).toBe('string')
    }),
    { numRuns: 2000 },
  )
})

test.for([
  ['a million braces', '{'.repeat(1_000_000)],
  ['a million pairs', '{{}}'.repeat(250_000)],
  ['a million parentheses', `{{${'('.repeat(1_000_000)}}}`],
  ['a hundred thousand blocks', '{{if 1}}'.repeat(100_000)],
  ['a hundred thousand pipes', `{{"a"${'|upper'.repeat(100_000)}}}`],
  ['spaces for ever', `{{${' '.repeat(1_000_000)}`],
  ['a hundred thousand actions', '{{upper "a"}}'.repeat(100_000)],
  ['else if for ever', `{{if 0}}${'{{else if 0}}'.repeat(50_000)}{{end}}`],
] as const)('%s end soon', ([, template]) => {
  const started = performance.now()
  expect(typeof render(template)).toBe('string')
  expect(performance.now() - started).toBeLessThan(10_000)
})
