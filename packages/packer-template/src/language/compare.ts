import type { GoFunctions } from './go-function.ts'
import type { GoValue } from './go-value.ts'
import { goString, goTypeOf, isTrue } from './go-value.ts'
import { LanguageError } from './language-error.ts'

/** Go's functions that compare: `eq ne lt le gt ge`, and `and or not`. */
export const comparisons: GoFunctions = {
  eq: {
    parameters: ['any', 'any'],
    rest: 'any',
    call: ([first, ...others]) => others.some((other) => equal(first, other)),
  },
  ne: { parameters: ['any', 'any'], call: ([a, b]) => !equal(a, b) },
  lt: { parameters: ['any', 'any'], call: ([a, b]) => less(a, b) },
  le: { parameters: ['any', 'any'], call: ([a, b]) => less(a, b) || equal(a, b) },
  gt: { parameters: ['any', 'any'], call: ([a, b]) => !(less(a, b) || equal(a, b)) },
  ge: { parameters: ['any', 'any'], call: ([a, b]) => !less(a, b) },
  and: { parameters: ['any'], rest: 'any', call: (args) => firstOrLast(args, (arg) => !isTrue(arg)) },
  or: { parameters: ['any'], rest: 'any', call: (args) => firstOrLast(args, isTrue) },
  not: { parameters: ['any'], call: ([value]) => !isTrue(value) },
}

function firstOrLast(args: readonly GoValue[], decides: (arg: GoValue) => boolean): GoValue {
  const index = args.findIndex(decides)
  return args.at(index) // -1, when none decides, is the last
}

function equal(a: GoValue, b: GoValue): boolean {
  if (a === undefined || b === undefined) return a === b // what a map does not have equals nothing else
  checkComparable(a, b)
  return a === b
}

function less(a: GoValue, b: GoValue): boolean {
  checkComparable(a, b)
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b
  if (typeof a === 'number' && typeof b === 'number') return a < b
  throw new LanguageError(`${goString(a)} and ${goString(b)} have no order`)
}

function checkComparable(a: GoValue, b: GoValue): void {
  const types = [goTypeOf(a), goTypeOf(b)]
  const known = ['string', 'int', 'float64', 'bool']
  if (types[0] === types[1] && known.includes(types[0] ?? '')) return
  throw new LanguageError(`${describe(a)} and ${describe(b)} cannot be compared`)
}

function describe(value: GoValue): string {
  return typeof value === 'string' ? `'${value}'` : goString(value)
}
