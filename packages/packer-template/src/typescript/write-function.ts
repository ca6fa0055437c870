import { cleanName } from '../language/clean-name.ts'
import type { GoValue } from '../language/go-value.ts'
import type { CodeWriter } from './code-writer.ts'
import { code, digits, joined, printExpression, printOperand, printPrimary, quote } from './expression.ts'
import type { Typed } from './typed.ts'
import { asCondition, asString, concatenated, literalText, method, stringCode } from './typed.ts'
import { Unwritable } from './unwritable.ts'
import { writeIsotime, writeStrftime } from './write-time.ts'

/** An argument: what it is, when that is known, and how to write it. */
export interface Argument {
  readonly literal?: GoValue
  readonly typed: Typed
}

/** Writes a call of a function that needs nothing but its arguments and the time. @throws Unwritable */
export function writeFunction(name: string, args: readonly Argument[], writer: CodeWriter): Typed {
  const write = writers[name]
  if (write === undefined) throw new Unwritable(`'${name}'`)
  return write(args, writer)
}

type Write = (args: readonly Argument[], writer: CodeWriter) => Typed

const unfit = "/[^A-Za-z0-9()[\\] ./\\-'@_]/g"

/** What is known needs no cleaning when the file is loaded. */
const clean: Write = ([text]) => {
  const typed = typedOf(text)
  const parts = typed.expression.kind === 'join' ? typed.expression.parts : [typed.expression]
  const cleaned = parts.map((part) => (part.kind === 'text' ? { ...part, value: cleanName(part.value) } : part))
  if (parts.every((part) => part.kind === 'text' || (part.kind === 'code' && part.isDigits === true))) {
    return { expression: joined(cleaned), type: 'string' }
  }
  return method(typed, `replaceAll(${unfit}, '-')`)
}

const writers: Readonly<Record<string, Write>> = {
  upper: ([text]) => method(typedOf(text), 'toUpperCase()'),
  lower: ([text]) => method(typedOf(text), 'toLowerCase()'),
  replace_all: ([from, to, text]) => method(typedOf(text), `replaceAll(${printText(from)}, ${replacement(to)})`),
  replace: ([from, to, count, text]) => {
    if (count?.literal !== 1n && !(typeof count?.literal === 'bigint' && count.literal < 0n)) throw new Unwritable("'replace' of several")
    return method(typedOf(text), `${count.literal === 1n ? 'replace' : 'replaceAll'}(${printText(from)}, ${replacement(to)})`)
  },
  split: ([text, separator, index]) => {
    if (typeof index?.literal !== 'bigint') throw new Unwritable("'split' at an index that is computed")
    return { ...method(typedOf(text), `split(${printText(separator)})[${index.literal}]`), type: 'maybe-string' }
  },
  clean_resource_name: clean,
  clean_ami_name: clean,
  clean_image_name: clean,
  uuid: () => stringCode('crypto.randomUUID()'),
  timestamp: (_args, writer) => ({ expression: digits(`Math.floor(${writer.constant('now')}.getTime() / 1000)`), type: 'number' }),
  isotime: ([layout], writer) => writeIsotime(layout === undefined ? undefined : literalString(layout), writer),
  strftime: ([format], writer) => writeStrftime(literalString(format), writer),
  eq: ([first, ...others]) => ({
    expression: comparison(first, others, '===', 'or'),
    type: 'boolean',
  }),
  ne: ([first, ...others]) => ({ expression: comparison(first, others, '!==', 'and'), type: 'boolean' }),
  not: ([value]) => ({ expression: code(`!${printPrimary(asCondition(typedOf(value)))}`, 'unary'), type: 'boolean' }),
  and: (args) => connected(args, 'and'),
  or: (args) => connected(args, 'or'),
  print: (args) => {
    if (args.some(({ typed }) => typed.type !== 'string')) throw new Unwritable("'print' of other things than texts")
    return concatenated(args.map(({ typed }) => typed))
  },
  printf: ([format, ...args]) => writePrintf(literalString(format), args),
}

const signs = { and: ' && ', or: ' || ' } as const

function comparison(
  first: Argument | undefined,
  others: readonly Argument[],
  operator: string,
  connective: 'and' | 'or',
): Typed['expression'] {
  const left = printOperand(typedOf(first).expression, 'equality')
  const parts = others.map((other) => `${left} ${operator} ${printOperand(typedOf(other).expression, 'equality')}`)
  return code(parts.join(signs[connective]), parts.length === 1 ? 'equality' : connective)
}

/** `and` and `or` give one of their arguments back, as `&&` and `||` do. */
function connected(args: readonly Argument[], connective: 'and' | 'or'): Typed {
  const types = new Set(args.map(({ typed }) => typed.type))
  const [type = 'string', ...more] = types
  if (more.length > 0 || type === 'maybe-string') throw new Unwritable("'and' or 'or' of unlike things")
  return { expression: code(args.map(({ typed }) => printOperand(typed.expression, connective)).join(signs[connective]), connective), type }
}

function writePrintf(format: string, args: readonly Argument[]): Typed {
  const pieces = format.split(/(%[sdv%])/)
  let next = 0
  const parts = pieces.map((piece, index): Typed => {
    if (index % 2 === 0) {
      if (piece.includes('%')) throw new Unwritable(`'printf' with ${quote(format)}`)
      return literalText(piece)
    }
    return piece === '%%' ? literalText('%') : typedOf(args[next++])
  })
  if (next !== args.length) throw new Unwritable(`'printf' with ${args.length} values for ${quote(format)}`)
  return concatenated(parts)
}

function typedOf(argument: Argument | undefined): Typed {
  if (argument === undefined) throw new Unwritable('a call with an argument missing')
  return argument.typed
}

function literalString(argument: Argument | undefined): string {
  if (typeof argument?.literal !== 'string') throw new Unwritable('a format that is computed')
  return argument.literal
}

function printText(argument: Argument | undefined): string {
  return printExpression(asString(typedOf(argument)))
}

/** `$` has a meaning in the text that `replace` puts in, and none in what a function gives back. */
function replacement(argument: Argument | undefined): string {
  const text = printText(argument)
  return typeof argument?.literal === 'string' && !argument.literal.includes('$') ? text : `() => ${text}`
}
