const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** A text as a literal of Go. What cannot be printed is escaped. */
export function quoteGo(text: string, quote: '"' | "'" = '"'): string {
  return `${quote}${Array.from(text, (character) => escapeCharacter(character, quote)).join('')}${quote}`
}

function escapeCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`
  const known = escapes[character]
  if (known !== undefined) return known
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
