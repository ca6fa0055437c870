import type { Binding, Expression } from './expression.ts'
import { code, joined, printExpression, printOperand, printPrimary } from './expression.ts'

/** An expression, and what it evaluates to. */
export interface Typed {
  readonly expression: Expression
  readonly type: 'string' | 'boolean' | 'number' | 'maybe-string'
}

/** Code that evaluates to a string. */
export function stringCode(text: string, binding: Binding = 'primary'): Typed {
  return { expression: code(text, binding), type: 'string' }
}

/** A text that is known. */
export function literalText(value: string): Typed {
  return { expression: { kind: 'text', value }, type: 'string' }
}

/** Something as a string that methods can be called on. */
export function asString({ expression, type }: Typed): Expression {
  switch (type) {
    case 'string':
      return expression
    case 'maybe-string':
      return code(`${printOperand(expression, 'nullish')} ?? ''`, 'nullish')
    default:
      return code(`String(${printExpression(expression)})`)
  }
}

/** Whether something counts as true in a condition of a template. */
export function asCondition({ expression, type }: Typed): Expression {
  switch (type) {
    case 'boolean':
      return expression
    case 'number':
      return code(`${printOperand(expression, 'equality')} !== 0`, 'equality')
    default:
      return expression.kind === 'text'
        ? code(String(expression.value !== ''))
        : code(`${printOperand(expression, 'equality')} !== ''`, 'equality')
  }
}

/** A method of a string: `text.toUpperCase()`. */
export function method(text: Typed, call: string): Typed {
  return stringCode(`${printPrimary(asString(text))}.${call}`)
}

/** Texts one after the other. Whatever stands in a template literal becomes text there. */
export function concatenated(parts: readonly Typed[]): Typed {
  return { expression: joined(parts.map(({ expression }) => expression)), type: 'string' }
}
