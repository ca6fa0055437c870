import { comparisons } from './compare.ts'
import type { GoFunctions } from './go-function.ts'
import type { GoValue } from './go-value.ts'
import { goString, isGoList, isGoMap } from './go-value.ts'
import { LanguageError } from './language-error.ts'
import { sprintf } from './printf.ts'

/** The functions that every template of Go's text/template has, apart from `call`: there are no functions among the values. */
export const textFunctions: GoFunctions = {
  ...comparisons,
  print: { parameters: [], rest: 'any', call: print },
  println: { parameters: [], rest: 'any', call: (args) => `${args.map(shown).join(' ')}\n` },
  printf: { parameters: ['string'], rest: 'any', call: ([format, ...args]) => sprintf(goString(format), args) },
  len: { parameters: ['any'], call: ([value]) => BigInt(lengthOf(value)) },
  index: { parameters: ['any'], rest: 'any', call: ([value, ...keys]) => keys.reduce(memberOf, value) },
  slice: { parameters: ['any'], rest: 'int', call: ([value, ...bounds]) => slice(value, bounds) },
  html: { parameters: [], rest: 'any', call: (args) => escapeWith(print(args), htmlEscapes, /[\0"'&<>]/g) },
  js: { parameters: [], rest: 'any', call: (args) => escapeJs(print(args)) },
  urlquery: { parameters: [], rest: 'any', call: (args) => escapeQuery(print(args)) },
}

/** As Go's `fmt.Sprint`: a space between two arguments of which none is a string. */
function print(args: readonly GoValue[]): string {
  return args
    .map((arg, index) => {
      const apart = index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string'
      return `${apart ? ' ' : ''}${shown(arg)}`
    })
    .join('')
}

function shown(value: GoValue): string {
  return value === undefined ? '<nil>' : goString(value)
}

function lengthOf(value: GoValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (isGoList(value)) return value.length
  if (isGoMap(value)) return Object.keys(value).length
  throw new LanguageError(`${shown(value)} has no length`)
}

function memberOf(value: GoValue, key: GoValue): GoValue {
  if (isGoMap(value)) return typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : undefined
  if (typeof key !== 'bigint') throw new LanguageError(`an index must be a whole number, not ${shown(key)}`)
  const items: ArrayLike<GoValue> | undefined =
    typeof value === 'string' ? Array.from(Buffer.from(value), BigInt) : isGoList(value) ? value : undefined
  if (items === undefined) throw new LanguageError(`${shown(value)} has no members`)
  if (key < 0n || key >= items.length) throw new LanguageError(`there is no member ${key}`)
  return items[Number(key)]
}

function slice(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (typeof value !== 'string' && !isGoList(value)) throw new LanguageError(`${shown(value)} cannot be sliced`)
  if (bounds.length > 2) throw new LanguageError("'slice' takes 2 bounds at most")
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const [from = 0n, to = BigInt(bytes.length)] = bounds
  if (typeof from !== 'bigint' || typeof to !== 'bigint' || from < 0n || to < from || to > bytes.length) {
    throw new LanguageError(`the bounds ${shown(from)} and ${shown(to)} are outside of what is sliced`)
  }
  return Buffer.isBuffer(bytes) ? bytes.subarray(Number(from), Number(to)).toString('utf8') : bytes.slice(Number(from), Number(to))
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\uFFFD',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}
const jsEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

function escapeWith(text: string, escapes: Readonly<Record<string, string>>, wanted: RegExp): string {
  return text.replaceAll(wanted, (character) => escapes[character] ?? character)
}

function escapeJs(text: string): string {
  return escapeWith(text, jsEscapes, /[\\'"<>&=]/g).replaceAll(
    /[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/gu, '\uFFFD'))
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
