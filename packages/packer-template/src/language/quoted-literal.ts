import { LanguageError } from './language-error.ts'

const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/** A literal, and where what follows it begins. */
interface Literal<T> {
  readonly value: T
  readonly end: number
}

/** A string between back quotes: nothing in it is an escape, and carriage returns are left out. */
export function rawString(template: string, at: number): Literal<string> {
  const end = template.indexOf('`', at + 1)
  if (end === -1) throw new LanguageError("a string has no closing '`'")
  return { value: template.slice(at + 1, end).replaceAll('\r', ''), end: end + 1 }
}

/** A string between double quotes, or a character between single ones, which is a number. */
export function readQuoted(template: string, at: number): Literal<string | bigint> {
  const quote = template[at] ?? '"'
  const bytes: string[] = []
  let next = at + 1
  while (template[next] !== quote) {
    const character = template[next]
    if (character === undefined || character === '\n') throw new LanguageError(`a string has no closing '${quote}'`)
    const piece = character === '\\' ? escape(template, next, quote) : codePoint(template, next)
    bytes.push(piece.value)
    next = piece.end
  }
  const value = joinBytes(bytes)
  if (quote === '"') return { value, end: next + 1 }
  const code = value.codePointAt(0)
  if (code === undefined || String.fromCodePoint(code) !== value)
    throw new LanguageError(`'${value}' is not one character; strings stand in double quotes`)
  return { value: BigInt(code), end: next + 1 }
}

function codePoint(template: string, at: number): Literal<string> {
  const value = String.fromCodePoint(template.codePointAt(at) ?? 0)
  return { value, end: at + value.length }
}

/** `\n`, `\x41`, `\101`, `\u00e9`, `\U0001f600`. Bytes come back as private characters, which {@link joinBytes} puts together. */
function escape(template: string, at: number, quote: string): Literal<string> {
  const letter = template[at + 1] ?? ''
  const plain = letter === quote ? quote : simple[letter]
  if (plain !== undefined) return { value: plain, end: at + 2 }
  const digits = /(?:x[\da-fA-F]{2}|[0-7]{3}|u[\da-fA-F]{4}|U[\da-fA-F]{8})/y
  digits.lastIndex = at + 1
  const [text] = digits.exec(template) ?? []
  if (text === undefined) throw new LanguageError(`'\\${letter}' is no escape of a string`)
  const end = at + 1 + text.length
  if (text.startsWith('u') || text.startsWith('U')) {
    const code = Number.parseInt(text.slice(1), 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new LanguageError(`'\\${text}' is no character`)
    return { value: String.fromCodePoint(code), end }
  }
  const byte = text.startsWith('x') ? Number.parseInt(text.slice(1), 16) : Number.parseInt(text, 8)
  if (byte > 255) throw new LanguageError(`'\\${text}' is no byte`)
  return { value: byte < 0x80 ? String.fromCodePoint(byte) : String.fromCharCode(0xdc00 + byte), end }
}

/** Escaped bytes from 0x80 on are UTF-8 together; what is none becomes U+FFFD, as it does where text is expected. */
function joinBytes(pieces: readonly string[]): string {
  const text = pieces.join('')
  return text.replaceAll(/(?<![\ud800-\udbff])[\udc80-\udcff]+/g, (run) => {
    return Buffer.from(Array.from(run, (unit) => unit.charCodeAt(0) - 0xdc00)).toString('utf8')
  })
}
