import type { ShellOptions, SudoOptions, Wrap } from '@imago/provisioner-shell'

import { asSecret, shortestSecret } from '../mapping/coercions.ts'
import type { Known, Model } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { Composed } from '../mapping/table.ts'
import { textExpression } from '../typescript/expression.ts'
import type { CommandPiece, CommandPieces } from './command-piece.ts'
import type { Execution } from './execute-command.ts'
import { understandCommand } from './execute-command.ts'

/** What a command means; `undefined` when it must be run as it stands. */
export function executionFrom(command: CommandPieces | undefined): Execution | undefined {
  if (command === undefined) return { env: {} }
  const execution = understandCommand(command)
  const password = execution?.sudo?.password && asText(execution.sudo.password)
  // A password that is too short to be masked cannot be given to sudo by itself.
  return password !== undefined && password.value.length < shortestSecret ? undefined : execution
}

/** The options of `shell` that say how its scripts are run. */
export function executionOf(execution: Execution | undefined): Composed<ShellOptions> {
  if (execution === undefined) return {}
  const { sudo, interpreter, wrap } = execution
  const [program, ...options] = interpreter ?? []
  return {
    ...(program !== undefined && { interpreter: options.length === 0 ? program : [program, ...options] }),
    ...(sudo !== undefined && { sudo: sudoOf(sudo) }),
    ...(wrap !== undefined && { wrap: wrapOf(wrap) }),
  }
}

function sudoOf({ user, password, preserveEnv }: NonNullable<Execution['sudo']>): Model<boolean | SudoOptions> {
  const hidden = password === undefined ? undefined : asText(password)
  const usable = hidden !== undefined && hidden.value.length >= shortestSecret ? asSecret(hidden) : undefined
  if (user === undefined && usable === undefined && !preserveEnv) return true
  return {
    ...(user !== undefined && { user }),
    ...(usable !== undefined && { password: usable }),
    ...(preserveEnv && { preserveEnv }),
  }
}

function asText(piece: CommandPiece): Known<string> | undefined {
  if (piece.kind === 'value') return piece.value
  return piece.kind === 'text'
    ? known({ value: piece.text, key: JSON.stringify(piece.text), code: () => textExpression(piece.text) })
    : undefined
}

function wrapOf(words: NonNullable<Execution['wrap']>): Known<Wrap> {
  const names = [...new Set(words.flatMap((word) => (typeof word === 'object' && 'stands' in word ? [word.stands] : [])))]
  return known<Wrap>({
    value: ({ argv, line }) =>
      words.flatMap((word) => {
        if (typeof word === 'string') return [word]
        if (!('stands' in word)) return [word.value]
        return word.stands === 'argv' ? argv : [line]
      }),
    key: `wrap:${words.map((word) => (typeof word === 'string' ? word : 'stands' in word ? `{${word.stands}}` : word.key)).join(' ')}`,
    code: (writer) => ({
      kind: 'arrow',
      parameters: `({ ${names.join(', ')} })`,
      body: {
        kind: 'list',
        items: words.map((word) => {
          if (typeof word === 'string') return textExpression(word)
          if (!('stands' in word)) return word.code(writer)
          return { kind: 'code', text: word.stands === 'argv' ? '...argv' : 'line', binding: 'primary' } as const
        }),
      },
    }),
  })
}
