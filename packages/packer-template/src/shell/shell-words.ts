import type { CommandPiece, CommandPieces } from './command-piece.ts'

/** A part of a word. */
export type Segment = Exclude<CommandPiece, { readonly kind: 'vars' }>

/** A piece of a shell command: a word, what stands between commands, or the environment of the script. */
export type ShellToken =
  | { readonly kind: 'word'; readonly segments: readonly (Segment | { readonly kind: 'vars' })[]; readonly quoted: boolean }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'vars' }

const operators = ['&&', '||', ';', '|', '\n'] as const

/**
 * Cuts a command into words as a POSIX shell does; `undefined` when it has something in it that only a shell can tell: expansions,
 * redirections, groups.
 */
export function shellTokens(pieces: CommandPieces): readonly ShellToken[] | undefined {
  const lexer = new WordLexer()
  for (const piece of pieces) {
    if (!lexer.add(piece)) return undefined
  }
  return lexer.end()
}

class WordLexer {
  readonly #tokens: ShellToken[] = []
  #segments: (Segment | { readonly kind: 'vars' })[] = []
  #quote: "'" | '"' | undefined
  #quoted = false

  /** @returns whether the piece could be read */
  add(piece: CommandPiece): boolean {
    switch (piece.kind) {
      case 'text':
        return this.#text(piece.text)
      case 'value':
        // Outside of quotes the shell would split it.
        if (this.#quote === undefined && /[^\w@%+=:,./-]/.test(piece.value.value)) return this.#text(piece.value.value)
        this.#segments.push(piece)
        return true
      case 'vars':
        if (this.#quote !== undefined) this.#segments.push({ kind: 'vars' })
        else {
          this.#endWord()
          this.#tokens.push({ kind: 'vars' })
        }
        return true
      case 'path':
        this.#segments.push({ kind: piece.kind })
        return true
      default:
        return false
    }
  }

  end(): readonly ShellToken[] | undefined {
    if (this.#quote !== undefined) return undefined
    this.#endWord()
    return this.#tokens
  }

  #text(text: string): boolean {
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at)
      if (this.#quote !== undefined) {
        if (character === this.#quote) this.#quote = undefined
        else if (this.#quote === '"' && /[$`\\]/.test(character)) return false
        else this.#push(character)
      } else if (character === "'" || character === '"') {
        this.#quote = character
        this.#quoted = true
      } else if (character === ' ' || character === '\t') this.#endWord()
      else if (/[$`\\&|;<>(){}*?[\]~#!\n]/.test(character)) {
        const operator = operators.find((candidate) => text.startsWith(candidate, at))
        if (operator === undefined) return false
        this.#endWord()
        this.#tokens.push({ kind: 'operator', text: operator })
        at += operator.length - 1
      } else this.#push(character)
    }
    return true
  }

  #push(character: string): void {
    const last = this.#segments.at(-1)
    if (last?.kind === 'text') this.#segments[this.#segments.length - 1] = { kind: 'text', text: last.text + character }
    else this.#segments.push({ kind: 'text', text: character })
  }

  #endWord(): void {
    if (this.#segments.length > 0 || this.#quoted) this.#tokens.push({ kind: 'word', segments: this.#segments, quoted: this.#quoted })
    this.#segments = []
    this.#quoted = false
  }
}

/** The text of a word that is known to the letter. */
export function plainWord(token: ShellToken | undefined): string | undefined {
  if (token?.kind !== 'word') return undefined
  const [only, ...more] = token.segments
  if (only === undefined) return ''
  return more.length === 0 && only.kind === 'text' ? only.text : undefined
}

/** Whether a word is the script's path and nothing else. */
export function isPath(token: ShellToken | undefined): boolean {
  return token?.kind === 'word' && token.segments.length === 1 && token.segments[0]?.kind === 'path'
}

/** Whether a word is a command line of its own that runs the script: `'{{.Vars}} {{.Path}}'`. */
export function isLine(token: ShellToken | undefined): boolean {
  if (token?.kind !== 'word') return false
  const parts = token.segments.filter((segment) => !(segment.kind === 'text' && segment.text.trim() === ''))
  return parts.length > 0 && parts.every(({ kind }, index) => kind === (index === parts.length - 1 ? 'path' : 'vars'))
}
