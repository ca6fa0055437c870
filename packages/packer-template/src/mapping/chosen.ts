import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import { code, printExpression, printOperand, printPrimary, textExpression } from '../typescript/expression.ts'
import { renderLeaf } from './coercions.ts'
import { known } from './known.ts'
import type { Coercion } from './option-context.ts'

/** One of several names. */
export interface Choice<T extends string> {
  /** The names that are called otherwise here, by Packer's. */
  readonly renamed?: Readonly<Record<string, T>>
  /** The type of the names, for variables that hold one. @default the name itself, or the first of `names` if it is none of them */
  readonly names?: readonly T[]
  readonly type?: { readonly name: string; readonly package: string }
}

/** A text that is one of several names. Others are found when the options are checked. */
export function chosen<T extends string>({ renamed = {}, names = [], type }: Choice<T> = {}): Coercion<T> {
  return (node, ctx) => {
    const rendered = renderLeaf(node, ctx)
    if (typeof rendered !== 'object' || typeof rendered.value !== 'string' || rendered.value === '') return undefined
    const name = Object.hasOwn(renamed, rendered.value) ? renamed[rendered.value] : undefined
    const value = name ?? (rendered.value as T) // what else it may be is checked with all options
    const write = (writer: CodeWriter): Expression => {
      const text = writer.text(rendered)
      const example = names.includes(value) ? value : (names[0] ?? value)
      const typeName = type === undefined ? printExpression(textExpression(example)) : writer.importedType(type.package, type.name)
      const cast = `${printPrimary(text)} as ${typeName}`
      if (name === undefined) return code(cast, 'cast')
      const condition = `${printOperand(text, 'equality')} === ${printExpression(textExpression(String(rendered.value)))}`
      return { kind: 'choice', condition, yes: textExpression(name), no: code(`(${cast})`) }
    }
    return known<T>({
      value,
      key: JSON.stringify(value),
      code: rendered.text.needs.variables.size === 0 ? () => textExpression(value) : write,
    })
  }
}
