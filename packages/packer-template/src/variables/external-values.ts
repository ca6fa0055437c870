import { isImagoError, messageOf } from '@imago/core'

import type { GoFunction, GoFunctions } from '../language/go-function.ts'
import { goString } from '../language/go-value.ts'
import { LanguageError } from '../language/language-error.ts'
import type { TemplateText } from '../text/template-text.ts'

/** Functions of templates that ask somebody else. */
export const externalFunctions = ['aws_secretsmanager', 'consul_key', 'vault'] as const
/** See {@link externalFunctions}. */
export type ExternalFunction = (typeof externalFunctions)[number]

/**
 * Answers a call of `vault`, `consul_key` or `aws_secretsmanager` in a template: with the arguments as they stand there.
 * @example async (source, [path, key]) => readVault(path, key)
 */
export type ExternalResolver = (source: ExternalFunction, args: readonly string[]) => Promise<string>

/** Functions that answer with secrets. */
const secretFunctions: readonly string[] = ['aws_secretsmanager', 'vault'] satisfies readonly ExternalFunction[]

/** Whether a text asks somebody else, and if so, whether for a secret. */
export function asksFor({ needs }: TemplateText): 'secret' | 'value' | undefined {
  if (secretFunctions.some((name) => needs.functions.has(name))) return 'secret'
  return externalFunctions.some((name) => needs.functions.has(name)) ? 'value' : undefined
}

/** What was answered, by the call. */
export type ExternalValues = ReadonlyMap<string, string | Error>

/** Asks for everything that the defaults of variables need from elsewhere. */
export async function askExternal(texts: readonly TemplateText[], resolver: ExternalResolver | undefined): Promise<ExternalValues> {
  if (resolver === undefined) return new Map()
  const calls = new Map(texts.flatMap(({ needs }) => needs.plainCalls.map((call) => [callKey(call), call] as const)))
  const answers = [...calls].flatMap(([key, [name, ...args]]) => {
    const source = externalFunctions.find((known) => known === name)
    if (source === undefined) return []
    const answer = resolver(source, args).catch((error: unknown) => new Error(withHint(error), { cause: error }))
    return [answer.then((value) => [key, value] as const)]
  })
  return new Map(await Promise.all(answers))
}

function withHint(error: unknown): string {
  return isImagoError(error) && error.hint !== undefined ? `${error.message} (${error.hint})` : messageOf(error)
}

/** The functions, which answer with what was asked before. */
export function externalValueFunctions(values: ExternalValues): GoFunctions {
  return Object.fromEntries(externalFunctions.map((name) => [name, externalFunction(name, values)]))
}

function externalFunction(name: ExternalFunction, values: ExternalValues): GoFunction {
  return {
    parameters: ['string'],
    rest: 'string',
    call(args) {
      const value = values.get(callKey([name, ...args.map(goString)]))
      if (value instanceof Error) throw new LanguageError(`${name}: ${value.message}`)
      if (value !== undefined) return value
      throw new LanguageError(`nobody is there to ask for '${name}': give the variable a value`)
    },
  }
}

function callKey(call: readonly string[]): string {
  return JSON.stringify(call)
}
