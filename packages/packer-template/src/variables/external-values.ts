import { messageOf } from '@imago/core'

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

/** What was answered, by the call. */
export type ExternalValues = ReadonlyMap<string, string | Error>

/** Asks for everything that the defaults of variables need from elsewhere. */
export async function askExternal(texts: readonly TemplateText[], resolver: ExternalResolver | undefined): Promise<ExternalValues> {
  if (resolver === undefined) return new Map()
  const calls = new Map(texts.flatMap(({ needs }) => needs.plainCalls.map((call) => [callKey(call), call] as const)))
  const answers = [...calls].flatMap(([key, [name, ...args]]) => {
    const source = externalFunctions.find((known) => known === name)
    if (source === undefined) return []
    const answer = resolver(source, args).catch((error: unknown) => new Error(messageOf(error), { cause: error }))
    return [answer.then((value) => [key, value] as const)]
  })
  return new Map(await Promise.all(answers))
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
      throw new LanguageError(`'${name}' needs somebody to ask: give its value with a variable instead`)
    },
  }
}

function callKey(call: readonly string[]): string {
  return JSON.stringify(call)
}
