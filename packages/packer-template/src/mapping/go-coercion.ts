/** What Go's mapstructure makes of texts where it is told to be weak. Each answers `undefined` for a text that is none. */

const truths: Readonly<Record<string, boolean>> = {
  '': false,
  '0': false,
  '1': true,
  f: false,
  F: false,
  FALSE: false,
  False: false,
  T: true,
  TRUE: true,
  True: true,
  false: false,
  t: true,
  true: true,
}

/** A text as a boolean. Nothing at all is false. */
export function parseGoBool(text: string): boolean | undefined {
  return Object.hasOwn(truths, text) ? truths[text] : undefined
}

/** A text as a whole number, in any base. Nothing at all is 0. */
export function parseGoInt(text: string): number | undefined {
  if (text === '') return 0
  if (!/^[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|\d[\d_]*)$/.test(text) || /__|_$/.test(text)) return undefined
  const digits = text.replaceAll('_', '')
  const negative = digits.startsWith('-')
  const size = digits.replace(/^[+-]/, '')
  const value = /^0\d/.test(size) ? Number.parseInt(size, 8) : Number(size)
  return Number.isSafeInteger(value) ? (negative ? 0 - value : value) : undefined
}

/** A number as Go's mapstructure turns it into a text: never with an exponent. */
export function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 1e21 ? BigInt(value).toString() : String(value)
}
