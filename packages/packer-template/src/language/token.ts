import type { GoValue } from './go-value.ts'

/** A piece of a template, as the lexer cuts it. */
export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' | 'close' | 'space' | 'pipe' | 'left' | 'right' | 'declare' | 'assign' | 'comma' | 'dot' | 'end' }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'field' | 'variable'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: GoValue; readonly text: string }

/** A token for messages. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'text':
      return 'text'
    case 'open':
      return "'{{'"
    case 'close':
      return "'}}'"
    case 'space':
      return 'a space'
    case 'pipe':
      return "'|'"
    case 'left':
      return "'('"
    case 'right':
      return "')'"
    case 'declare':
      return "':='"
    case 'assign':
      return "'='"
    case 'comma':
      return "','"
    case 'dot':
      return "'.'"
    case 'end':
      return 'the end of the text'
    case 'word':
      return `'${token.text}'`
    case 'field':
      return `'.${token.name}'`
    case 'variable':
      return `'$${token.name}'`
    default:
      return token.text
  }
}
