import type { Command, Operand, Pipeline, TemplateNode } from '../language/ast.ts'

/** What a text refers to. */
export interface TextNeeds {
  /** Names of variables: the arguments of `user` that are plain strings. */
  readonly variables: ReadonlySet<string>
  /** The first names of fields: `.HTTPIP`. Empty in the name of the whole (`{{.}}`). */
  readonly fields: ReadonlySet<string>
  /** The arguments of `build` that are plain strings. */
  readonly buildValues: ReadonlySet<string>
  /** Every function that is called. */
  readonly functions: ReadonlySet<string>
  /** Calls of functions with plain strings only, as `[name, …arguments]`. */
  readonly plainCalls: readonly (readonly string[])[]
}

/** What the nodes of a text refer to. */
export function needsOf(nodes: readonly TemplateNode[]): TextNeeds {
  const needs = new Needs()
  needs.list(nodes, true)
  return needs
}

class Needs implements TextNeeds {
  readonly variables = new Set<string>()
  readonly fields = new Set<string>()
  readonly buildValues = new Set<string>()
  readonly functions = new Set<string>()
  readonly plainCalls: (readonly string[])[] = []

  /** @param atRoot Whether `.` is still what the whole text is rendered with */
  list(nodes: readonly TemplateNode[], atRoot: boolean): void {
    for (const node of nodes) {
      if (!('pipeline' in node)) continue
      this.#pipeline(node.pipeline, atRoot)
      if (node.kind === 'action') continue
      this.list(node.body, atRoot && node.kind === 'if')
      this.list(node.otherwise, atRoot)
    }
  }

  #pipeline({ commands }: Pipeline, atRoot: boolean): void {
    commands.forEach((command, index) => {
      const before = index === 1 ? commands[0] : undefined
      this.#call(command, before === undefined ? [] : literalsOf([before.head]), index)
      for (const operand of [command.head, ...command.args]) this.#operand(operand, atRoot)
    })
  }

  /** @param piped What comes through the pipe, when it is a plain string */
  #call({ head, args }: Command, piped: readonly string[], index: number): void {
    if (head.kind !== 'function') return
    this.functions.add(head.name)
    const plain = [...literalsOf(args), ...piped]
    if (plain.length !== args.length + Math.min(index, 1)) return
    this.plainCalls.push([head.name, ...plain])
    const [first] = plain
    if (head.name === 'user' && first !== undefined) this.variables.add(first)
    if (head.name === 'build' && first !== undefined) this.buildValues.add(first)
  }

  #operand(operand: Operand, atRoot: boolean): void {
    switch (operand.kind) {
      case 'dot':
        if (atRoot) this.fields.add('')
        break
      case 'field':
        if (atRoot) this.fields.add(operand.fields[0] ?? '')
        break
      case 'variable':
        if (operand.name === '') this.fields.add(operand.fields[0] ?? '')
        break
      case 'function':
        this.functions.add(operand.name)
        break
      case 'pipeline':
        this.#pipeline(operand.pipeline, atRoot)
        break
      case 'literal':
        break
    }
  }
}

function literalsOf(operands: readonly Operand[]): string[] {
  return operands.flatMap((operand) => (operand.kind === 'literal' && typeof operand.value === 'string' ? [operand.value] : []))
}
