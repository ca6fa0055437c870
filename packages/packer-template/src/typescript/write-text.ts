import type { Operand, Pipeline, TemplateNode } from '../language/ast.ts'
import { goString } from '../language/go-value.ts'
import { packerVersion } from '../template/packer-version.ts'
import type { FieldSource } from '../text/field-table.ts'
import { buildValues } from '../text/field-table.ts'
import type { RenderedText, RenderScope } from '../text/render-text.ts'
import { variableOf } from '../text/render-text.ts'
import type { Variable } from '../variables/resolve-variables.ts'
import type { CodeWriter, ParameterKind } from './code-writer.ts'
import type { Expression } from './expression.ts'
import { code, printCondition, printExpression, printOperand, printPrimary, textExpression } from './expression.ts'
import type { Typed } from './typed.ts'
import { asCondition, asString, concatenated, literalText, stringCode } from './typed.ts'
import { Unwritable } from './unwritable.ts'
import type { Argument } from './write-function.ts'
import { writeFunction } from './write-function.ts'

/** Writes a text, in which variables are parameters. What cannot be written is replaced by what it is now. */
export function writeText(rendered: RenderedText, writer: CodeWriter): Expression {
  try {
    return asString(new TextWriter(rendered.scope, writer).nodes(rendered.text.nodes, new Map()))
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error
    const { value, text } = rendered
    writer.warn(`${error.message} cannot be written as TypeScript, and stands as it is now: ${text.source}`)
    return textExpression(typeof value === 'string' ? value : text.source)
  }
}

/** Writes the default of a variable. What cannot be written is replaced by what it is now. */
export function writeDefault({ default: text, value, origin }: Variable, writer: CodeWriter): Expression {
  if (text === undefined) return textExpression('')
  try {
    return asString(new TextWriter(undefined, writer).nodes(text.nodes, new Map()))
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error
    writer.warn(`${error.message} cannot be written as TypeScript, and stands as it is now: ${text.source}`)
    return textExpression(origin === 'default' ? value : text.source)
  }
}

/** Writes a text where another kind of value is wanted. */
export function writeAs(rendered: RenderedText, kind: Exclude<ParameterKind, 'text'>, literal: Expression, writer: CodeWriter): Expression {
  const { nodes, needs } = rendered.text
  if (needs.variables.size === 0) return literal
  const name = nodes.length === 1 ? variableOf(nodes[0]) : undefined
  if (name !== undefined) {
    const parameter = writer.parameter(name, kind)
    if (parameter.kind === kind) return code(parameter.code)
  }
  return converted(writeText(rendered, writer), kind, writer)
}

/** Writes whether a text is there. */
export function writeNotEmpty(rendered: RenderedText, writer: CodeWriter): Expression {
  return code(`${printOperand(writeText(rendered, writer), 'equality')} !== ''`, 'equality')
}

function converted(text: Expression, kind: Exclude<ParameterKind, 'text'>, writer: CodeWriter): Expression {
  switch (kind) {
    case 'flag':
      return code(`${printOperand(text, 'equality')} === 'true'`, 'equality')
    case 'number':
      return code(`Number(${printExpression(text)})`)
    default:
      return code(`${printPrimary(text)} as ${writer.importedType('@imago/core', 'Duration')}`, 'cast')
  }
}

/** What variables of a text (`$x`) stand for. */
type Bindings = Map<string, Argument>

class TextWriter {
  readonly #scope: RenderScope | undefined
  readonly #writer: CodeWriter

  constructor(scope: RenderScope | undefined, writer: CodeWriter) {
    this.#scope = scope
    this.#writer = writer
  }

  nodes(nodes: readonly TemplateNode[], bindings: Bindings, dot?: Argument): Typed {
    const parts = nodes.map((node) => this.#node(node, bindings, dot))
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : concatenated(parts)
  }

  #node(node: TemplateNode, bindings: Bindings, dot: Argument | undefined): Typed {
    switch (node.kind) {
      case 'text':
        return literalText(node.text)
      case 'action': {
        const value = this.#pipeline(node.pipeline, bindings, dot)
        const [name] = node.pipeline.variables
        if (name === undefined) return value.typed
        if (node.pipeline.assigns) throw new Unwritable(`the assignment to '$${name}'`)
        bindings.set(name, value)
        return literalText('')
      }
      case 'if':
      case 'with': {
        const inside = new Map(bindings)
        const value = this.#pipeline(node.pipeline, inside, dot)
        for (const name of node.pipeline.variables) inside.set(name, value)
        const then = this.nodes(node.body, inside, node.kind === 'with' ? value : dot)
        const otherwise = this.nodes(node.otherwise, new Map(inside), dot)
        const condition = printCondition(asCondition(value.typed))
        return { expression: { kind: 'choice', condition, yes: asString(then), no: asString(otherwise) }, type: 'string' }
      }
      default:
        throw new Unwritable(`'${node.kind}'`)
    }
  }

  #pipeline({ commands }: Pipeline, bindings: Bindings, dot: Argument | undefined): Argument {
    let value: Argument | undefined
    for (const { head, args } of commands) {
      const piped = value === undefined ? [] : [value]
      value =
        head.kind === 'function'
          ? this.#call(head.name, [...args.map((arg) => this.#operand(arg, bindings, dot)), ...piped])
          : this.#operand(head, bindings, dot)
    }
    if (value === undefined) throw new Unwritable('nothing')
    return value
  }

  #operand(operand: Operand, bindings: Bindings, dot: Argument | undefined): Argument {
    switch (operand.kind) {
      case 'literal':
        return literal(operand.value)
      case 'function':
        return this.#call(operand.name, [])
      case 'pipeline':
        if (operand.fields.length > 0) throw new Unwritable(`'.${operand.fields.join('.')}'`)
        return this.#pipeline(operand.pipeline, bindings, dot)
      case 'variable': {
        const bound = operand.fields.length === 0 ? bindings.get(operand.name) : undefined
        if (bound !== undefined) return bound
        if (operand.name === '') return this.#field(operand.fields)
        throw new Unwritable(`'$${operand.name}'`)
      }
      case 'dot':
        if (dot === undefined) throw new Unwritable("'.'")
        return dot
      default:
        if (dot !== undefined) throw new Unwritable(`'.${operand.fields.join('.')}'`)
        return this.#field(operand.fields)
    }
  }

  #field(fields: readonly string[]): Argument {
    const [name = '', ...more] = fields
    const field = more.length === 0 ? this.#scope?.fields?.[name] : undefined
    return field === undefined ? literal('<no value>') : { typed: fieldCode(field) }
  }

  #call(name: string, args: readonly Argument[]): Argument {
    const plain = args.map((arg) => (arg.literal === undefined ? undefined : goString(arg.literal)))
    switch (name) {
      case 'user':
        return this.#parameter(plain[0])
      case 'env':
        return { typed: stringCode(`process.env[${printArgument(args[0])}] ?? ''`, 'nullish') }
      case 'build_name':
        return this.#buildFact('buildName', this.#scope?.build.name)
      case 'build_type':
        return this.#buildFact('builderType', this.#scope?.build.type)
      case 'build': {
        const value = buildValues[plain[0] ?? '']
        if (value === undefined) throw new Unwritable(`the build value '${plain[0] ?? ''}'`)
        return { typed: fieldCode(value) }
      }
      case 'pwd':
        return { typed: stringCode('process.cwd()') }
      case 'template_dir':
        return { typed: stringCode(this.#writer.constant('directory')) }
      case 'packer_version':
        return literal(packerVersion)
      default:
        return { typed: writeFunction(name, args, this.#writer) }
    }
  }

  #parameter(name: string | undefined): Argument {
    if (name === undefined) throw new Unwritable('a variable whose name is computed')
    const parameter = this.#writer.parameter(name, 'text')
    const expression = code(parameter.code)
    switch (parameter.kind) {
      case 'text':
      case 'duration':
        return { typed: { expression, type: 'string' } }
      case 'flag':
        return { typed: { expression, type: 'boolean' } }
      default:
        return { typed: { expression, type: 'number' } }
    }
  }

  #buildFact(fact: 'buildName' | 'builderType', value: string | undefined): Argument {
    if (this.#scope?.buildIsFact === true && this.#scope.fields !== undefined) return { typed: stringCode(`facts.${fact}`) }
    if (value === undefined) throw new Unwritable('the name of the build')
    return literal(value)
  }
}

function literal(value: Argument['literal']): Argument {
  if (typeof value === 'boolean') return { literal: value, typed: { expression: code(String(value)), type: 'boolean' } }
  if (typeof value === 'bigint' || typeof value === 'number') {
    return { literal: value, typed: { expression: code(goString(value)), type: 'number' } }
  }
  return { literal: value, typed: literalText(goString(value)) }
}

function printArgument(argument: Argument | undefined): string {
  if (argument === undefined) throw new Unwritable('a call with an argument missing')
  return printExpression(asString(argument.typed))
}

function fieldCode({ code: expression, maybe = false }: FieldSource): Typed {
  return { expression, type: maybe ? 'maybe-string' : 'string' }
}
