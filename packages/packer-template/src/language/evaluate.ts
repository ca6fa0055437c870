import type { Command, Operand, Pipeline, TemplateNode } from './ast.ts'
import type { GoFunctions } from './go-function.ts'
import { callFunction } from './go-function.ts'
import type { GoValue } from './go-value.ts'
import { goString, goTypeOf, isGoList, isGoMap, isTrue } from './go-value.ts'
import { LanguageError } from './language-error.ts'

/** What a template can refer to. */
export interface Scope {
  /** What `.` is; `.Name` looks into it. */
  readonly dot: GoValue
  readonly functions: GoFunctions
}

/** What a template prints. @throws LanguageError */
export function evaluate(nodes: readonly TemplateNode[], { dot, functions }: Scope): string {
  const frame = new Frame(functions, dot)
  frame.list(nodes, dot)
  return frame.output.join('')
}

type Flow = 'on' | 'break' | 'continue'

class Frame {
  readonly output: string[] = []
  readonly #functions: GoFunctions
  /** The innermost last; a name may be there several times. */
  readonly #variables: { readonly name: string; value: GoValue }[]

  constructor(functions: GoFunctions, dot: GoValue) {
    this.#functions = functions
    this.#variables = [{ name: '', value: dot }]
  }

  list(nodes: readonly TemplateNode[], dot: GoValue): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot)
      if (flow !== 'on') return flow
    }
    return 'on'
  }

  #node(node: TemplateNode, dot: GoValue): Flow {
    switch (node.kind) {
      case 'text':
        this.output.push(node.text)
        return 'on'
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot)
        if (node.pipeline.variables.length === 0) this.output.push(goString(value))
        return 'on'
      }
      case 'if':
      case 'with':
        return this.#inBlock(() => {
          const value = this.#pipeline(node.pipeline, dot)
          const inside = node.kind === 'with' ? value : dot
          return isTrue(value) ? this.list(node.body, inside) : this.list(node.otherwise, dot)
        })
      case 'range':
        return this.#inBlock(() => this.#range(node, dot))
      default:
        return node.kind
    }
  }

  #range(node: Extract<TemplateNode, { kind: 'range' }>, dot: GoValue): Flow {
    const value = this.#pipeline({ ...node.pipeline, variables: [] }, dot)
    const entries = entriesOf(value)
    if (entries.length === 0) return this.list(node.otherwise, dot)
    for (const [key, item] of entries) {
      const flow = this.#inBlock(() => {
        const named = node.pipeline.variables.length > 1 ? [key, item] : [item]
        node.pipeline.variables.forEach((name, index) => this.#set(name, named[index], node.pipeline.assigns))
        return this.list(node.body, item)
      })
      if (flow === 'break') break
    }
    return 'on'
  }

  #inBlock<T>(run: () => T): T {
    const outside = this.#variables.length
    const result = run()
    this.#variables.length = outside
    return result
  }

  #set(name: string, value: GoValue, assigns: boolean): void {
    const known = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined
    if (known === undefined) this.#variables.push({ name, value })
    else known.value = value
  }

  #pipeline({ commands, variables, assigns }: Pipeline, dot: GoValue): GoValue {
    let value: GoValue
    commands.forEach((command, index) => {
      value = this.#command(command, dot, index === 0 ? [] : [value])
    })
    for (const name of variables) this.#set(name, value, assigns)
    return value
  }

  #command({ head, args }: Command, dot: GoValue, piped: readonly GoValue[]): GoValue {
    if (head.kind === 'function') {
      const known = this.#functions[head.name]
      if (known === undefined) throw new LanguageError(`there is no function '${head.name}'`)
      return callFunction(head.name, known, [...args.map((arg) => this.#operand(arg, dot)), ...piped])
    }
    if (args.length + piped.length > 0) throw new LanguageError('only functions take arguments')
    if (head.kind === 'literal' && head.value === null) throw new LanguageError("'nil' is no command")
    return this.#operand(head, dot)
  }

  #operand(operand: Operand, dot: GoValue): GoValue {
    switch (operand.kind) {
      case 'literal':
        return operand.value
      case 'dot':
        return dot
      case 'field':
        return fieldOf(dot, operand.fields)
      case 'variable':
        return fieldOf(this.#variables.findLast(({ name }) => name === operand.name)?.value, operand.fields)
      case 'function':
        return this.#command({ head: operand, args: [] }, dot, [])
      default:
        return fieldOf(this.#pipeline(operand.pipeline, dot), operand.fields)
    }
  }
}

function fieldOf(start: GoValue, fields: readonly string[]): GoValue {
  return fields.reduce<GoValue>((value, field) => {
    if (value === null || value === undefined) return undefined
    if (!isGoMap(value)) throw new LanguageError(`a ${goTypeOf(value)} has no field '${field}'`)
    return Object.hasOwn(value, field) ? value[field] : undefined
  }, start)
}

function entriesOf(value: GoValue): readonly (readonly [GoValue, GoValue])[] {
  if (isGoList(value)) return value.map((item, index) => [BigInt(index), item])
  if (value === null || value === undefined) return []
  if (isGoMap(value)) return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  throw new LanguageError(`'range' cannot go through ${goString(value)}`)
}
