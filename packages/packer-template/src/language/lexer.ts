import type { GoValue } from './go-value.ts'
import { LanguageError } from './language-error.ts'
import { readNumber } from './number-literal.ts'
import { rawString, readQuoted } from './quoted-literal.ts'
import type { Token } from './token.ts'

const letter = /[\p{L}_]/u
const wordRest = /[\p{L}\p{Nd}_]*/uy
/** What may follow a name. */
const afterName = /\s|[.,|:()=]|-?\}\}|$/y
const spaces = /\s+/y

/** Cuts a template into tokens. The last one is `end`. @throws LanguageError for what Go's text/template would not read. */
export function tokenize(template: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let trimNext = false
  for (;;) {
    const open = template.indexOf('{{', at)
    const trimBefore = open !== -1 && isTrimMarker(template, open + 2)
    const whole = template.slice(at, open === -1 ? template.length : open)
    const trimmed = trimBefore ? (trimNext ? whole.trimStart() : whole).trimEnd() : trimNext ? whole.trimStart() : whole
    if (trimmed !== '') tokens.push({ kind: 'text', text: trimmed })
    if (open === -1) break
    const inside = open + (trimBefore ? 3 : 2)
    const comment = commentEnd(template, inside)
    const action = comment ?? new ActionLexer(template, inside).run(tokens)
    at = action.end
    trimNext = action.trims
  }
  tokens.push({ kind: 'end' })
  return tokens
}

/** Where an action ends, and whether it takes the white space after it away. */
interface ActionEnd {
  readonly end: number
  readonly trims: boolean
}

function isTrimMarker(template: string, at: number): boolean {
  return template[at] === '-' && isSpace(template[at + 1])
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}

function commentEnd(template: string, at: number): ActionEnd | undefined {
  spaces.lastIndex = at
  const start = isSpace(template[at]) && template[at - 1] === '-' ? (spaces.test(template) ? spaces.lastIndex : at) : at
  if (!template.startsWith('/*', start)) return undefined
  const end = template.indexOf('*/', start + 2)
  if (end === -1) throw new LanguageError("a comment has no end '*/'")
  if (template.startsWith('}}', end + 2)) return { end: end + 4, trims: false }
  const trim = /\s-\}\}/y
  trim.lastIndex = end + 2
  if (trim.test(template)) return { end: trim.lastIndex, trims: true }
  throw new LanguageError("a comment must end right before its '}}'")
}

/** Reads what is between `{{` and `}}`. */
class ActionLexer {
  readonly #template: string
  #at: number
  #depth = 0

  constructor(template: string, at: number) {
    this.#template = template
    this.#at = at
  }

  run(tokens: Token[]): ActionEnd {
    tokens.push({ kind: 'open' })
    for (;;) {
      const end = this.#close()
      if (end !== undefined) {
        if (this.#depth > 0) throw new LanguageError("a '(' has no ')'")
        tokens.push({ kind: 'close' })
        return end
      }
      tokens.push(this.#next())
    }
  }

  #close(): ActionEnd | undefined {
    if (this.#template.startsWith('}}', this.#at)) return { end: this.#at + 2, trims: false }
    const trims = isSpace(this.#template[this.#at]) && this.#template.startsWith('-}}', this.#at + 1)
    return trims ? { end: this.#at + 4, trims: true } : undefined
  }

  #next(): Token {
    const character = this.#template[this.#at]
    if (character === undefined) throw new LanguageError("a '{{' has no '}}'")
    if (isSpace(character)) return this.#spaces()
    if (character === '.' || character === '$') return this.#named(character)
    if (letter.test(String.fromCodePoint(this.#template.codePointAt(this.#at) ?? 0))) return this.#word()
    if (/[\d+-]/.test(character)) return this.#literal(readNumber(this.#template, this.#at))
    if (character === '"' || character === "'") return this.#literal(readQuoted(this.#template, this.#at))
    if (character === '`') return this.#literal(rawString(this.#template, this.#at))
    return this.#punctuation(character)
  }

  #spaces(): Token {
    while (isSpace(this.#template[this.#at]) && this.#close() === undefined) this.#at++
    return { kind: 'space' }
  }

  #named(sign: '.' | '$'): Token {
    const next = this.#template.codePointAt(this.#at + 1)
    if (sign === '.' && next !== undefined && /\d/.test(String.fromCodePoint(next))) {
      return this.#literal(readNumber(this.#template, this.#at))
    }
    this.#at++
    const name = this.#name()
    if (sign === '$') return { kind: 'variable', name }
    return name === '' ? { kind: 'dot' } : { kind: 'field', name }
  }

  #word(): Token {
    const text = this.#name()
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', text }
    return { kind: 'word', text }
  }

  /** Letters and digits; what follows must end them. */
  #name(): string {
    wordRest.lastIndex = this.#at
    const [name = ''] = wordRest.exec(this.#template) ?? []
    this.#at += name.length
    afterName.lastIndex = this.#at
    if (!afterName.test(this.#template)) throw new LanguageError(`'${this.#rest()}' cannot follow '${name}'`)
    return name
  }

  #literal({ value, end }: { readonly value: GoValue; readonly end: number }): Token {
    const text = this.#template.slice(this.#at, end)
    this.#at = end
    return { kind: 'literal', value, text }
  }

  #punctuation(character: string): Token {
    if (this.#template.startsWith(':=', this.#at)) {
      this.#at += 2
      return { kind: 'declare' }
    }
    this.#at++
    switch (character) {
      case '|':
        return { kind: 'pipe' }
      case '(':
        this.#depth++
        return { kind: 'left' }
      case ')':
        this.#depth--
        if (this.#depth < 0) throw new LanguageError("a ')' has no '('")
        return { kind: 'right' }
      case '=':
        return { kind: 'assign' }
      case ',':
        return { kind: 'comma' }
      default:
        throw new LanguageError(`'${character}' means nothing between '{{' and '}}'`)
    }
  }

  #rest(): string {
    return String.fromCodePoint(this.#template.codePointAt(this.#at) ?? 0)
  }
}
