import { formatFloat } from './format-float.ts'
import type { GoValue } from './go-value.ts'
import { goString, goTypeOf } from './go-value.ts'
import { quoteGo } from './quote-go.ts'

/** No field is wider; wider ones are refused as Go does. */
const widest = 1_000_000

/** What stands between `%` and the verb. */
export interface FormatFlags {
  readonly minus: boolean
  readonly plus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width?: number
  readonly precision?: number
}

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(\P{Cn}|$)/gsu

/** Go's `fmt.Sprintf`, without argument indexes. What does not fit shows as Go shows it: `%!d(string=x)`, `%!s(MISSING)`. */
export function sprintf(format: string, args: readonly GoValue[]): string {
  let next = 0
  const take = (): GoValue => args[next++]
  const text = format.replaceAll(
    directive,
    (_whole, marks: string, width: string | undefined, precision: string | undefined, verb: string) => {
      const size = number(width, take)
      const digits = precision === undefined ? undefined : number(precision === '' ? '0' : precision, take)
      if (verb === '') return '%!(NOVERB)'
      if (verb === '%') return '%'
      if (size === 'bad' || (size !== undefined && Math.abs(size) > widest)) return '%!(BADWIDTH)'
      if (digits === 'bad' || (digits !== undefined && digits > widest)) return '%!(BADPREC)'
      if (next >= args.length) return `%!${verb}(MISSING)`
      const minus = marks.includes('-') || (size ?? 0) < 0
      return formatValue(verb, take(), {
        minus,
        plus: marks.includes('+'),
        sharp: marks.includes('#'),
        space: marks.includes(' '),
        zero: marks.includes('0') && !minus,
        ...(size !== undefined && { width: Math.abs(size) }),
        ...(digits !== undefined && digits >= 0 && { precision: digits }),
      })
    },
  )
  if (next >= args.length) return text
  return `${text}%!(EXTRA ${args.slice(next).map(typed).join(', ')})`
}

function number(text: string | undefined, take: () => GoValue): number | 'bad' | undefined {
  if (text === undefined) return undefined
  if (text !== '*') return Number(text)
  const value = take()
  return typeof value === 'bigint' ? Number(value) : 'bad'
}

function typed(value: GoValue): string {
  return value === null || value === undefined ? '<nil>' : `${goTypeOf(value)}=${goString(value)}`
}

function formatValue(verb: string, value: GoValue, flags: FormatFlags): string {
  if (value === null || value === undefined) return pad(verb === 'v' ? '<nil>' : `%!${verb}(<nil>)`, flags)
  if (verb === 'T') return pad(goTypeOf(value), flags)
  const formatted =
    typeof value === 'bigint'
      ? formatInt(verb, value, flags)
      : typeof value === 'number'
        ? formatFloat(verb, value, flags)
        : typeof value === 'boolean'
          ? verb === 't' || verb === 'v'
            ? String(value)
            : undefined
          : formatText(verb, typeof value === 'string' ? value : goString(value), flags)
  return formatted === undefined ? `%!${verb}(${typed(value)})` : pad(formatted, flags)
}

function formatText(verb: string, value: string, flags: FormatFlags): string | undefined {
  const cut = flags.precision === undefined ? value : Array.from(value).slice(0, flags.precision).join('')
  switch (verb) {
    case 'v':
      return flags.sharp ? quoteGo(cut) : cut
    case 's':
      return cut
    case 'q':
      return flags.sharp && !cut.includes('`') ? `\`${cut}\`` : quoteGo(cut)
    case 'x':
    case 'X': {
      const bytes = Buffer.from(value)
      const digits = (flags.precision === undefined ? bytes : bytes.subarray(0, flags.precision)).toString('hex')
      return verb === 'x' ? digits : digits.toUpperCase()
    }
    default:
      return undefined
  }
}

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }
const prefixes: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }

function formatInt(verb: string, value: bigint, flags: FormatFlags): string | undefined {
  if (verb === 'c' || verb === 'q' || verb === 'U') return formatCharacter(verb, value)
  const base = bases[verb]
  if (base === undefined) return undefined
  const lower = (value < 0n ? -value : value).toString(base)
  const digits = verb === 'X' ? lower.toUpperCase() : lower
  const prefix = verb === 'O' ? '0o' : flags.sharp ? (prefixes[verb] ?? '') : ''
  const sign = signOf(value < 0n, flags)
  // With a precision, a zero in front of the width means nothing.
  const zeros = flags.zero && flags.precision === undefined ? (flags.width ?? 0) - sign.length : (flags.precision ?? 0)
  if (flags.precision === 0 && value === 0n) return ''
  return `${sign}${prefix}${digits.padStart(zeros, '0')}`
}

function formatCharacter(verb: string, value: bigint): string {
  const code = value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd
  if (verb === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
  const character = String.fromCodePoint(code)
  return verb === 'c' ? character : quoteGo(character, "'")
}

/** What stands before the digits. */
export function signOf(negative: boolean, flags: FormatFlags): string {
  if (negative) return '-'
  if (flags.plus) return '+'
  return flags.space ? ' ' : ''
}

function pad(text: string, { width = 0, minus, zero }: FormatFlags): string {
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (minus) return text + ' '.repeat(missing)
  return (zero ? '0' : ' ').repeat(missing) + text
}
