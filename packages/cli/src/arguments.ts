import { parseArgs } from 'node:util'

import { ImagoError, nameHint } from '@imago/core'

/** An option of a command. */
export interface Flag {
  /** `boolean` is there or not, `value` has one, `values` may be given several times. */
  readonly type: 'boolean' | 'value' | 'values'
  /** One letter. */
  readonly short?: string
  /** What the help calls the value: `'<names>'`. */
  readonly value?: string
  /** One sentence for the help. */
  readonly help: string
}

/** The options of a command by their names, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>

type ValueOf<F extends Flag> = F['type'] extends 'boolean' ? boolean : F['type'] extends 'values' ? readonly string[] : string | undefined

/** What a command line says for {@link Flags}. */
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** A command line, taken apart. */
export interface ParsedArguments<F extends Flags> {
  readonly values: FlagValues<F>
  readonly positionals: readonly string[]
}

/** An error of the command line. */
export function usageError(message: string, hint?: string): ImagoError {
  return new ImagoError('USAGE', message, hint === undefined ? {} : { hint })
}

/**
 * Takes a command line apart.
 * @throws ImagoError `USAGE` for an option that there is not, or that has no value where it needs one.
 */
export function parseArguments<const F extends Flags>(flags: F, args: readonly string[]): ParsedArguments<F> {
  const values: Record<string, boolean | string | undefined | string[]> = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, emptyValue(flag)]),
  )
  const positionals: string[] = []
  for (const token of parseArgs({ args: [...args], options: nodeOptions(flags), allowPositionals: true, strict: false, tokens: true })
    .tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags[token.name]
    if (flag === undefined || !isSpelledRight(token.rawName, args[token.index]))
      throw unknownOption(flags, args[token.index] ?? token.rawName)
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw usageError(`option '${token.rawName}' takes no value, and got '${token.value}'`)
      values[token.name] = true
      continue
    }
    const value = valueOf(flag, token)
    const list = values[token.name]
    if (Array.isArray(list)) list.push(value)
    else values[token.name] = value
  }
  return { values: values as FlagValues<F>, positionals } // filled flag by flag, as their types say
}

function emptyValue(flag: Flag): boolean | string[] | undefined {
  if (flag.type === 'boolean') return false
  return flag.type === 'values' ? [] : undefined
}

function nodeOptions(flags: Flags): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [
      name,
      { type: type === 'boolean' ? 'boolean' : 'string', ...(short !== undefined && { short }) },
    ]),
  )
}

/** `-only` must not pass for `-o -n -l -y`. */
function isSpelledRight(rawName: string, argument: string | undefined): boolean {
  return rawName.startsWith('--') || argument === rawName
}

function valueOf(
  flag: Flag,
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): string {
  const example = `${token.rawName}=${flag.value ?? '<value>'}`
  if (token.value === undefined) throw usageError(`option '${token.rawName}' needs a value`, `write ${example}`)
  if (token.inlineValue === false && token.value.startsWith('-')) {
    throw usageError(`option '${token.rawName}' needs a value, and is followed by '${token.value}'`, `write ${example}`)
  }
  return token.value
}

function unknownOption(flags: Flags, argument: string): ImagoError {
  const word = argument.replace(/=.*$/s, '')
  const hint = nameHint(
    word.replace(/^-+/, '--'),
    Object.keys(flags).map((name) => `--${name}`),
  )
  return usageError(`there is no option '${word}'`, hint)
}
