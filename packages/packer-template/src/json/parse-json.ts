import { printParseErrorCode, visit } from 'jsonc-parser'

import type { Problem } from '../problem.ts'
import { templateError } from '../problem.ts'
import type { JsonMember, JsonNode, Place } from './json-node.ts'

/** A JSON file, and what about it Packer would not have accepted. */
export interface ParsedJson {
  readonly root: JsonNode
  readonly warnings: readonly Problem[]
}

/** Objects and arrays in each other. Nobody nests deeper; what does is an attack on the parser's stack. */
const deepest = 200
/** So many errors are reported of a file: what follows the first is mostly caused by it. */
const mostErrors = 5

const messages: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON value',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: "a member's name in double quotes is missing",
  ValueExpected: 'a value is missing',
  ColonExpected: "a ':' is missing",
  CommaExpected: "a ',' is missing",
  CloseBraceExpected: "a '}' is missing",
  CloseBracketExpected: "a ']' is missing",
  EndOfFileExpected: 'the file should end here',
  UnexpectedEndOfComment: 'this comment has no end',
  UnexpectedEndOfString: 'this string has no end',
  UnexpectedEndOfNumber: 'this number has no end',
  InvalidUnicode: "'\\u' needs four hexadecimal digits",
  InvalidEscapeCharacter: 'this escape means nothing in a string',
  InvalidCharacter: 'this character must be escaped in a string',
}

/** An object or an array that is being read. */
type Open =
  | {
      readonly kind: 'object'
      readonly at: Place
      readonly members: Map<string, JsonMember>
      name?: { readonly text: string; readonly at: Place }
    }
  | { readonly kind: 'array'; readonly at: Place; readonly items: JsonNode[] }

/**
 * Parses JSON as templates have it: with comments, trailing commas, a byte order mark, and members that are given twice, of which the
 * last one counts.
 * @throws ImagoError `DEFINITION_INVALID` with the places of the errors.
 */
export function parseJson(text: string, file: string): ParsedJson {
  const reader = new Reader(file)
  visit(text.startsWith('\uFEFF') ? text.slice(1) : text, reader.visitor(), { allowTrailingComma: true })
  return reader.result()
}

class Reader {
  readonly #file: string
  readonly #open: Open[] = []
  readonly #errors: Problem[] = []
  readonly #warnings: Problem[] = []
  #root: JsonNode | undefined

  constructor(file: string) {
    this.#file = file
  }

  visitor(): Parameters<typeof visit>[1] {
    return {
      onObjectBegin: (_offset, _length, line, character) =>
        this.#begin({ kind: 'object', at: this.#place(line, character), members: new Map() }),
      onArrayBegin: (_offset, _length, line, character) => this.#begin({ kind: 'array', at: this.#place(line, character), items: [] }),
      onObjectProperty: (name, _offset, _length, line, character) => this.#name(name, this.#place(line, character)),
      onObjectEnd: () => this.#end(),
      onArrayEnd: () => this.#end(),
      onLiteralValue: (value: string | number | boolean | null, _offset, _length, line, character) => {
        const at = this.#place(line, character)
        this.#add(typeof value === 'string' ? { kind: 'text', at, value } : { kind: 'plain', at, value })
      },
      onError: (code, _offset, _length, line, character) => {
        const name = printParseErrorCode(code)
        this.#error(this.#place(line, character), messages[name] ?? name)
      },
    }
  }

  result(): ParsedJson {
    if (this.#errors.length > 0 || this.#root === undefined) throw templateError(this.#file, this.#errors.slice(0, mostErrors))
    return { root: this.#root, warnings: this.#warnings }
  }

  #place(line: number, character: number): Place {
    return { file: this.#file, line: line + 1, column: character + 1 }
  }

  #begin(open: Open): void {
    if (this.#open.length === deepest) {
      throw templateError(this.#file, [{ at: open.at, path: [], message: `objects and arrays are nested more than ${deepest} deep` }])
    }
    this.#open.push(open)
  }

  #name(text: string, at: Place): void {
    const object = this.#open.at(-1)
    if (object?.kind !== 'object') return
    if (object.members.has(text)) {
      const message = `'${text}' is given twice; the last one counts`
      this.#warnings.push({ at, path: [], message })
    }
    object.name = { text, at }
  }

  #end(): void {
    const closed = this.#open.pop()
    if (closed !== undefined) this.#add(closed)
  }

  #add(value: JsonNode): void {
    const holder = this.#open.at(-1)
    if (holder === undefined) this.#root ??= value
    else if (holder.kind === 'array') holder.items.push(value)
    else if (holder.name !== undefined) {
      holder.members.set(holder.name.text, { at: holder.name.at, value })
      delete holder.name
    }
  }

  #error(at: Place, message: string): void {
    this.#errors.push({ at, path: [], message })
  }
}
