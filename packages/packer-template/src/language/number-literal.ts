import { LanguageError } from './language-error.ts'

const number =
  /[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:\d(?:_?\d)*)?\.?(?:\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?)/y
const after = /[\p{L}\p{Nd}_.]/uy
const least = -(2n ** 63n)
const most = 2n ** 64n - 1n

/** A number of Go: whole numbers in any base, and fractions. @throws LanguageError for what is none. */
export function readNumber(template: string, at: number): { readonly value: bigint | number; readonly end: number } {
  number.lastIndex = at
  const [text = ''] = number.exec(template) ?? []
  const end = at + text.length
  after.lastIndex = end
  if (!/\d/.test(text) || after.test(template)) {
    throw new LanguageError(`'${text}${template.slice(end, end + 8).replace(/[\s}|)].*$/s, '')}' is no number`)
  }
  return { value: parseNumber(text.replaceAll('_', ''), text), end }
}

function parseNumber(digits: string, text: string): bigint | number {
  const sign = digits.startsWith('-') ? -1 : 1
  const size = digits.replace(/^[+-]/, '')
  if (!/^0[xXbBoO]/.test(size) && /[.eE]/.test(size)) return parseFraction(size, sign, text)
  // A leading zero means base 8, as in C.
  const octal = /^0\d/.test(size)
  if (octal && /[89]/.test(size)) throw new LanguageError(`'${text}' is no number`)
  const value = BigInt(octal ? `0o${size}` : size) * BigInt(sign)
  if (value < least || value > most) throw new LanguageError(`'${text}' is too large a number`)
  return value
}

function parseFraction(size: string, sign: 1 | -1, text: string): bigint | number {
  const value = Number(size) * sign
  if (!Number.isFinite(value)) throw new LanguageError(`'${text}' is too large a number`)
  return value
}
