import { goFloat } from './go-value.ts'
import type { FormatFlags } from './printf.ts'
import { signOf } from './printf.ts'

/** A fraction as Go's `fmt` formats it; `undefined` for a verb that is not for fractions. */
export function formatFloat(verb: string, value: number, flags: FormatFlags): string | undefined {
  if (!'veEfFgG'.includes(verb)) return undefined
  const negative = value < 0 || Object.is(value, -0)
  const sign = signOf(negative, flags)
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : `${negative ? '-' : '+'}Inf`
  const digits = digitsOf(verb, Math.abs(value), flags.precision)
  const padded = flags.zero ? digits.padStart((flags.width ?? 0) - sign.length, '0') : digits
  return `${sign}${verb === 'E' || verb === 'G' ? padded.toUpperCase() : padded}`
}

function digitsOf(verb: string, size: number, precision: number | undefined): string {
  switch (verb) {
    case 'e':
    case 'E':
      return twoDigitExponent(size.toExponential(Math.min(precision ?? 6, 100)))
    case 'f':
    case 'F':
      return fixed(size, Math.min(precision ?? 6, 100))
    default:
      return precision === undefined ? goFloat(size) : general(size, Math.max(1, Math.min(precision, 100)))
  }
}

/** `toFixed` turns to exponents from 1e21 on. */
function fixed(size: number, precision: number): string {
  if (size < 1e21) return size.toFixed(precision)
  return `${BigInt(size)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`
}

function general(size: number, precision: number): string {
  const [mantissa = '', exponent = '0'] = size.toExponential(precision - 1).split('e')
  const power = Number(exponent)
  if (power < -4 || power >= precision) return twoDigitExponent(`${withoutZeros(mantissa)}e${exponent}`)
  return withoutZeros(size.toFixed(Math.max(0, precision - 1 - power)))
}

function withoutZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
