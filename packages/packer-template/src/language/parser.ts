import type { Command, Operand, Pipeline, TemplateNode } from './ast.ts'
import { LanguageError } from './language-error.ts'
import { tokenize } from './lexer.ts'
import type { Token } from './token.ts'
import { describeToken } from './token.ts'

/** Parentheses and blocks in each other. What goes deeper is an attack on the parser's stack. */
const deepest = 100

const notHere = new Set(['define', 'template', 'block'])
const keywords = new Set(['if', 'else', 'end', 'with', 'range', 'break', 'continue', 'nil', ...notHere])

/**
 * Parses a template of Go's text/template, as far as Packer's templates use it: all but `define`, `template` and `block`.
 * @param isFunction Whether there is a function of this name
 * @throws LanguageError
 */
export function parseTemplate(template: string, isFunction: (name: string) => boolean): readonly TemplateNode[] {
  if (!template.includes('{{')) return template === '' ? [] : [{ kind: 'text', text: template }]
  return new Parser(tokenize(template), isFunction).template()
}

/** What ends a list of nodes. */
type Ending = { readonly word: 'end' } | { readonly word: 'else'; readonly branch: 'if' | 'with' | undefined }

class Parser {
  readonly #tokens: readonly Token[]
  readonly #isFunction: (name: string) => boolean
  #next = 0
  #depth = 0
  #loops = 0
  /** The variables that are known here; a block's own go with it. */
  #variables: readonly string[] = ['']

  constructor(tokens: readonly Token[], isFunction: (name: string) => boolean) {
    this.#tokens = tokens
    this.#isFunction = isFunction
  }

  template(): readonly TemplateNode[] {
    const { nodes, ending } = this.#list()
    if (ending !== undefined) throw new LanguageError(`'{{${ending.word}}}' ends nothing`)
    return nodes
  }

  /** Nodes up to the `end` or `else` that belongs to the block around them. */
  #list(): { readonly nodes: readonly TemplateNode[]; readonly ending: Ending | undefined } {
    const nodes: TemplateNode[] = []
    for (;;) {
      const token = this.#take()
      if (token.kind === 'end') return { nodes, ending: undefined }
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text })
        continue
      }
      const node = this.#action()
      if ('word' in node) return { nodes, ending: node }
      nodes.push(node)
    }
  }

  #action(): TemplateNode | Ending {
    this.#skipSpace()
    const token = this.#peek()
    const word = token.kind === 'word' ? token.text : ''
    if (notHere.has(word)) throw new LanguageError(`'${word}' is not supported`)
    switch (word) {
      case 'if':
      case 'with':
        this.#take()
        return this.#branch(word)
      case 'range':
        this.#take()
        return this.#range()
      case 'break':
      case 'continue':
        this.#take()
        if (this.#loops === 0) throw new LanguageError(`'${word}' is in no range`)
        this.#expectClose(word)
        return { kind: word }
      case 'end':
        this.#take()
        this.#expectClose(word)
        return { word }
      case 'else':
        this.#take()
        return this.#else()
      default:
        return { kind: 'action', pipeline: this.#pipeline('close', 'an action') }
    }
  }

  #else(): Ending {
    this.#skipSpace()
    const token = this.#peek()
    if (token.kind === 'word' && (token.text === 'if' || token.text === 'with')) {
      this.#take()
      return { word: 'else', branch: token.text }
    }
    this.#expectClose('else')
    return { word: 'else', branch: undefined }
  }

  #branch(kind: 'if' | 'with'): TemplateNode {
    return this.#inBlock(() => {
      const pipeline = this.#pipeline('close', `'${kind}'`)
      return { kind, pipeline, ...this.#branches(kind) }
    })
  }

  #range(): TemplateNode {
    return this.#inBlock(() => {
      const pipeline = this.#pipeline('close', "'range'", 2)
      this.#loops++
      const { nodes, ending } = this.#list()
      this.#loops--
      return { kind: 'range', pipeline, body: nodes, otherwise: this.#otherwise('range', ending) }
    })
  }

  #branches(kind: 'if' | 'with'): { readonly body: readonly TemplateNode[]; readonly otherwise: readonly TemplateNode[] } {
    const { nodes, ending } = this.#list()
    return { body: nodes, otherwise: this.#otherwise(kind, ending) }
  }

  #otherwise(kind: 'if' | 'with' | 'range', ending: Ending | undefined): readonly TemplateNode[] {
    if (ending === undefined) throw new LanguageError(`'{{${kind}}}' has no '{{end}}'`)
    if (ending.word === 'end') return []
    // `else if` stands for an `if` in the `else`, and shares its `end`.
    if (ending.branch !== undefined) {
      if (kind === 'range') throw new LanguageError(`'range' cannot have an 'else ${ending.branch}'`)
      return [this.#branch(ending.branch)]
    }
    const { nodes, ending: last } = this.#list()
    if (last?.word !== 'end') throw new LanguageError(`'{{${kind}}}' has ${last === undefined ? "no '{{end}}'" : "two '{{else}}'"}`)
    return nodes
  }

  #inBlock<T>(parse: () => T): T {
    const outside = this.#variables
    const parsed = this.#deeper(parse)
    this.#variables = outside
    return parsed
  }

  #deeper<T>(parse: () => T): T {
    if (this.#depth === deepest) throw new LanguageError(`blocks and parentheses are nested more than ${deepest} deep`)
    this.#depth++
    const parsed = parse()
    this.#depth--
    return parsed
  }

  #pipeline(until: 'close' | 'right', where: string, most: 1 | 2 = 1): Pipeline {
    this.#skipSpace()
    const declared = until === 'close' ? this.#declaration(most) : { variables: [], assigns: false }
    const commands: Command[] = []
    for (;;) {
      this.#skipSpace()
      const token = this.#peek()
      if (token.kind === until) break
      if (commands.length > 0 || token.kind === 'pipe') {
        if (token.kind !== 'pipe') throw new LanguageError(`${describeToken(token)} does not belong here`)
        if (commands.length === 0) break
        this.#take()
        this.#skipSpace()
      }
      commands.push(this.#command(commands.length))
    }
    if (commands.length === 0) throw new LanguageError(`${where} has no value`)
    this.#take()
    if (!declared.assigns) this.#variables = [...this.#variables, ...declared.variables]
    return { ...declared, commands }
  }

  /** `$x :=`, `$x =`, and `$i, $x :=` of a range. */
  #declaration(most: 1 | 2): Pick<Pipeline, 'variables' | 'assigns'> {
    const start = this.#next
    const variables: string[] = []
    for (;;) {
      const token = this.#peek()
      if (token.kind !== 'variable') break
      this.#take()
      variables.push(token.name)
      this.#skipSpace()
      const after = this.#take()
      if (after.kind === 'comma' && variables.length < most) {
        this.#skipSpace()
        continue
      }
      if (after.kind === 'comma') throw new LanguageError('too many variables are declared')
      if (after.kind !== 'declare' && after.kind !== 'assign') break
      if (after.kind === 'assign') this.#checkKnown(variables)
      return { variables, assigns: after.kind === 'assign' }
    }
    if (variables.length > 1) throw new LanguageError('variables are listed and not declared')
    this.#next = start
    return { variables: [], assigns: false }
  }

  #checkKnown(names: readonly string[]): void {
    const unknown = names.find((name) => !this.#variables.includes(name))
    if (unknown !== undefined) throw new LanguageError(`there is no variable '$${unknown}'`)
  }

  #command(index: number): Command {
    const head = this.#operand()
    if (index > 0 && head.kind === 'literal') throw new LanguageError("what stands after a '|' must be a function, and not a value")
    const args: Operand[] = []
    while (this.#peek().kind === 'space') {
      this.#skipSpace()
      if (['close', 'right', 'pipe', 'end'].includes(this.#peek().kind)) break
      args.push(this.#operand())
    }
    if (args.length > 0 && (head.kind === 'literal' || head.kind === 'dot')) throw new LanguageError('only functions take arguments')
    return { head, args }
  }

  #operand(): Operand {
    const token = this.#take()
    switch (token.kind) {
      case 'literal':
        if (this.#peek().kind === 'field') throw new LanguageError(`${token.text} has no fields`)
        return { kind: 'literal', value: token.value }
      case 'dot':
        return { kind: 'dot' }
      case 'field':
        return { kind: 'field', fields: [token.name, ...this.#fields()] }
      case 'variable':
        this.#checkKnown([token.name])
        return { kind: 'variable', name: token.name, fields: this.#fields() }
      case 'left': {
        const pipeline = this.#deeper(() => this.#pipeline('right', "'(…)'"))
        return { kind: 'pipeline', pipeline, fields: this.#fields() }
      }
      case 'word':
        return this.#function(token.text)
      default:
        throw new LanguageError(`${describeToken(token)} stands where a value is needed`)
    }
  }

  #function(name: string): Operand {
    if (name === 'nil') return { kind: 'literal', value: null }
    if (keywords.has(name)) throw new LanguageError(`'${name}' stands where a value is needed`)
    if (!this.#isFunction(name)) throw new LanguageError(`there is no function '${name}'`)
    const call: Operand = { kind: 'function', name }
    const fields = this.#fields()
    if (fields.length === 0) return call
    return { kind: 'pipeline', pipeline: { variables: [], assigns: false, commands: [{ head: call, args: [] }] }, fields }
  }

  #fields(): readonly string[] {
    const fields: string[] = []
    for (let token = this.#peek(); token.kind === 'field'; token = this.#peek()) {
      fields.push(token.name)
      this.#take()
    }
    return fields
  }

  #expectClose(word: string): void {
    this.#skipSpace()
    const token = this.#take()
    if (token.kind !== 'close') throw new LanguageError(`${describeToken(token)} cannot follow '${word}'`)
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#take()
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end' }
  }

  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }
}
