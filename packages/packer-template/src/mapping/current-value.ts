import type { Expression } from '../typescript/expression.ts'
import { joined, textExpression } from '../typescript/expression.ts'
import type { Layout } from '../typescript/layout.ts'
import type { Known, Model } from './known.ts'
import { isKnown, known } from './known.ts'

/** The text of an option as it is now. */
export function currentText(value: Model<string> | undefined): string | undefined {
  return isKnown(value) ? value.value : value
}

/** The texts of an option as they are now. */
export function currentTexts(value: Model<readonly string[]>): readonly string[] {
  const list: readonly Model<string>[] = isKnown(value) ? value.value : value
  return list.map((item) => currentText(item) ?? '')
}

/** Whether an option says yes now. */
export function isYes(value: Model<boolean> | undefined): boolean {
  return isKnown(value) ? value.value : value === true
}

/** Texts one after the other. */
export function joinedTexts(parts: readonly Model<string>[]): Known<string> {
  const value = parts.map((part) => currentText(part) ?? '').join('')
  return known({
    value,
    key: JSON.stringify(value),
    code: (writer) => joined(parts.map((part) => (isKnown(part) ? inText(part.code(writer)) : textExpression(part)))),
  })
}

/** The code of a text as a part of a longer one. */
export function inText(layout: Layout): Expression {
  switch (layout.kind) {
    case 'text':
    case 'join':
    case 'choice':
    case 'code':
      return layout
    default:
      return textExpression('')
  }
}
