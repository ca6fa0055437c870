import type { GoValue } from './go-value.ts'
import { goString, goTypeOf } from './go-value.ts'
import { LanguageError } from './language-error.ts'

/** What an argument must be. */
export type ParameterKind = 'string' | 'int' | 'any'

/** A function of the template language. */
export interface GoFunction {
  readonly parameters: readonly ParameterKind[]
  /** Any number of further arguments. */
  readonly rest?: ParameterKind
  /** @throws LanguageError */
  call(args: readonly GoValue[]): GoValue
}

/** Functions by name. */
export type GoFunctions = Readonly<Record<string, GoFunction>>

/** A function of strings. */
export function stringFunction(count: number, call: (...args: readonly string[]) => GoValue): GoFunction {
  return {
    parameters: Array.from({ length: count }, () => 'string'),
    call: (args) => call(...args.map(goString)),
  }
}

/** Calls a function with arguments of the right number and types. @throws LanguageError */
export function callFunction(name: string, goFunction: GoFunction, args: readonly GoValue[]): GoValue {
  const { parameters, rest } = goFunction
  if (args.length < parameters.length || (rest === undefined && args.length > parameters.length)) {
    const wanted = rest === undefined ? `${parameters.length}` : `${parameters.length} or more`
    throw new LanguageError(`'${name}' takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${args.length}`)
  }
  return goFunction.call(args.map((arg, index) => checked(name, arg, parameters[index] ?? rest ?? 'any')))
}

function checked(name: string, value: GoValue, kind: ParameterKind): GoValue {
  if (kind === 'any' || goTypeOf(value) === kind) return value
  if (kind === 'int' && typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw new LanguageError(`'${name}' wants ${kind === 'int' ? 'a whole number' : 'a string'}, not ${goString(value)}`)
}
