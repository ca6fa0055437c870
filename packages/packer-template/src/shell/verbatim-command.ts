import type { Facts, FromFacts, Secret } from '@imago/core'
import { resolveFacts, reveal, shellQuote } from '@imago/core'
import type { Wrap } from '@imago/provisioner-shell'

import { inText } from '../mapping/current-value.ts'
import type { Environment } from '../mapping/environment.ts'
import type { Known, Model } from '../mapping/known.ts'
import { isKnown, known } from '../mapping/known.ts'
import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import { code, joined, printExpression, textExpression } from '../typescript/expression.ts'
import type { CommandPiece, CommandPieces } from './command-piece.ts'

/** Where a script is while it runs, and its environment. */
export interface VerbatimScript {
  readonly path: Model<string>
  readonly env: Model<Environment>
}

/**
 * A command that is not understood, as it stands in the template: the script is a file, and its environment on the command line.
 * What the command does with its standard input is its own affair; it reads nothing.
 */
export function verbatimCommand(pieces: CommandPieces, script: VerbatimScript): Known<Wrap> {
  const variables = variablesOf(script.env)
  const parts = [...(makesExecutable(pieces) ? begin : beginReadable), ...withoutIdleVars(pieces), ...endOf(pieces)]
  const asksFacts = parts.some(({ kind }) => kind === 'vars')
  const make = (facts: Facts): string =>
    parts
      .map((piece) => {
        switch (piece.kind) {
          case 'text':
            return piece.text
          case 'value':
            return piece.value.value
          case 'env-file':
          case 'image':
            return '/dev/null'
          case 'path':
            return isKnown(script.path) ? script.path.value : script.path
          default:
            return variables.map(({ name, value }) => `${name}=${shellQuote(value(facts))} `).join('')
        }
      })
      .join('')
  const write = (writer: CodeWriter): Expression =>
    joined(
      parts.flatMap((piece): readonly Expression[] => {
        switch (piece.kind) {
          case 'text':
            return [textExpression(piece.text)]
          case 'value':
            return [inText(piece.value.code(writer))]
          case 'env-file':
          case 'image':
            return [textExpression('/dev/null')]
          case 'path':
            return [isKnown(script.path) ? inText(script.path.code(writer)) : textExpression(script.path)]
          default:
            return variables.flatMap(({ name, write: writeValue }) => [textExpression(`${name}=`), writeValue(writer), textExpression(' ')])
        }
      }),
    )
  return known({
    value: ({ facts }) => make(facts),
    key: `verbatim:${parts.map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'value' ? piece.value.key : piece.kind)).join('')}`,
    code: (writer) => ({ kind: 'arrow', parameters: asksFacts ? '({ facts })' : '()', body: write(writer) }),
  })
}

/** Before a command the environment says nothing new: the step's commands have it. */
function withoutIdleVars(pieces: CommandPieces): CommandPieces {
  const result: CommandPiece[] = []
  let isIdle = false
  for (const piece of pieces) {
    if (isIdle && piece.kind === 'text') result.push({ kind: 'text', text: piece.text.trimStart() })
    else if (piece.kind !== 'vars' || !startsCommand(result)) result.push(piece)
    isIdle = piece.kind === 'vars' && startsCommand(result)
  }
  return result
}

/** Whether what comes next is the first word of a command. */
function startsCommand(before: CommandPieces): boolean {
  const last = before.at(-1)
  return last === undefined || (last.kind === 'text' && /(?:^|[|;&({\n]|\b(?:then|do|else|exec))\s*$/.test(last.text))
}

const begin: CommandPieces = [{ kind: 'text', text: '{ ' }]
/** Users other than the one who logs in can read the script too, as they can in Packer. */
const beginReadable: CommandPieces = [{ kind: 'text', text: '{ chmod 0755 ' }, { kind: 'path' }, { kind: 'text', text: '; ' }]

/** What ends by itself (`… &`), or goes to the end of its line, needs another line. */
function endOf(pieces: CommandPieces): CommandPieces {
  const last = pieces.at(-1)
  const endsItself = last?.kind === 'text' && /[;&]\s*$/.test(last.text)
  const hasRest = pieces.some((piece) => piece.kind === 'text' && /#|<<|\n/.test(piece.text))
  return [{ kind: 'text', text: endsItself || hasRest ? '\n} </dev/null' : '; } </dev/null' }]
}

function makesExecutable([first, second]: CommandPieces): boolean {
  return first?.kind === 'text' && /^\s*chmod \S+ *['"]?$/.test(first.text) && second?.kind === 'path'
}

interface ScriptVariable {
  readonly name: string
  readonly value: (facts: Facts) => string
  readonly write: (writer: CodeWriter) => Expression
}

function variablesOf(env: Model<Environment>): readonly ScriptVariable[] {
  const own = Object.entries(env).map(([name, value]): ScriptVariable => {
    const held: unknown = isKnown(value) ? value.value : value
    return {
      name,
      value: (facts) => reveal(resolveFacts(held as FromFacts<string | Secret>, facts)), // as the type of an environment says
      write: (writer) => writeQuoted(value, writer),
    }
  })
  const all = [buildVariable('PACKER_BUILDER_TYPE', 'builderType'), buildVariable('PACKER_BUILD_NAME', 'buildName'), ...own]
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function buildVariable(name: string, fact: 'buildName' | 'builderType'): ScriptVariable {
  return { name, value: (facts) => facts[fact], write: () => code(`facts.${fact}`) }
}

function writeQuoted(value: unknown, writer: CodeWriter): Expression {
  if (!isKnown(value)) return textExpression(shellQuote(String(value)))
  const layout = value.code(writer)
  const body = layout.kind === 'arrow' ? layout.body : layout.kind === 'call' ? layout.args[0] : layout
  if (body?.kind === 'text') return textExpression(shellQuote(body.value))
  const text = body === undefined ? textExpression('') : inText(body)
  return code(`${writer.imported('@imago/core', 'shellQuote')}(${printExpression(text)})`)
}
