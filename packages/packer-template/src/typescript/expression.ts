/** How tightly an expression holds together, and so where it must stand in parentheses. */
export type Binding = 'primary' | 'unary' | 'equality' | 'and' | 'or' | 'nullish' | 'cast'

/** A piece of TypeScript. Texts are kept apart, so that they can be joined to one template literal. */
export type Expression =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'join'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly condition: string; readonly yes: Expression; readonly no: Expression }
  | {
      readonly kind: 'code'
      readonly text: string
      readonly binding: Binding
      /** It evaluates to digits, and nothing else. @default false */
      readonly isDigits?: boolean
    }

/** Code that stands for itself. */
export function code(text: string, binding: Binding = 'primary'): Expression {
  return { kind: 'code', text, binding }
}

/** Code that evaluates to digits. */
export function digits(text: string): Expression {
  return { kind: 'code', text, binding: 'primary', isDigits: true }
}

/** A text. */
export function textExpression(value: string): Expression {
  return { kind: 'text', value }
}

/** Texts one after the other. */
export function joined(parts: readonly Expression[]): Expression {
  const flat = parts.flatMap((part) => (part.kind === 'join' ? part.parts : [part]))
  const merged: Expression[] = []
  for (const part of flat) {
    const last = merged.at(-1)
    if (part.kind === 'text' && part.value === '') continue
    if (part.kind === 'text' && last?.kind === 'text') merged[merged.length - 1] = { kind: 'text', value: last.value + part.value }
    else merged.push(part)
  }
  const [only] = merged
  if (only === undefined) return { kind: 'text', value: '' }
  return merged.length === 1 && only.kind === 'text' ? only : { kind: 'join', parts: merged }
}

/** An expression as it stands in a file. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return quote(expression.value)
    case 'join':
      return `\`${expression.parts.map(templatePart).join('')}\``
    case 'choice':
      return `${expression.condition} ? ${printCondition(expression.yes)} : ${printCondition(expression.no)}`
    default:
      return expression.text
  }
}

/** An expression before a `.` or a `[`, or after a `!`. */
export function printPrimary(expression: Expression): string {
  const loose = expression.kind === 'choice' || (expression.kind === 'code' && expression.binding !== 'primary')
  return loose ? `(${printExpression(expression)})` : printExpression(expression)
}

/** An expression beside an operator; those of the same kind need no parentheses. */
export function printOperand(expression: Expression, operator: Binding): string {
  const binding = expression.kind === 'choice' ? 'choice' : expression.kind === 'code' ? expression.binding : 'primary'
  const isTight =
    binding === 'primary' || binding === 'unary' || (binding === 'equality' && operator !== 'equality') || binding === operator
  return isTight ? printExpression(expression) : `(${printExpression(expression)})`
}

/** A part of a choice: `condition ? yes : no`. */
export function printCondition(expression: Expression): string {
  return expression.kind === 'choice' ? `(${printExpression(expression)})` : printExpression(expression)
}

/** A string literal, in the quotes that need fewer escapes. */
export function quote(value: string): string {
  const singles = value.split("'").length - 1
  const doubles = value.split('"').length - 1
  const mark = singles > doubles ? '"' : "'"
  const body = value.replaceAll(/\p{Cc}|[\\\u2028\u2029\ufeff]|\p{Cs}/gu, escapeCharacter)
  return mark + body.replaceAll(mark, `\\${mark}`) + mark
}

function templatePart(part: Expression): string {
  if (part.kind === 'text') return part.value.replaceAll(/[\\`\u2028\u2029\ufeff]|\$(?=\{)|\p{Cc}|\p{Cs}/gu, escapeCharacter)
  return `\${${printExpression(part)}}`
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\\':
    case '`':
    case '$':
      return `\\${character}`
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    case '\t':
      return '\\t'
    default:
      return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  }
}
