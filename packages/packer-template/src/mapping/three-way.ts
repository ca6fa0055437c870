import { flag, renderLeaf } from './coercions.ts'
import { known } from './known.ts'
import type { Coercion } from './option-context.ts'

/** `true`, `false`, or nothing: a text that is empty says neither. */
export const threeWay: Coercion<boolean> = (node, ctx) => {
  const value = flag(node, ctx)
  const rendered = node.kind === 'text' ? renderLeaf(node, ctx) : undefined
  if (typeof rendered !== 'object' || rendered.value !== '') return value
  if (rendered.text.needs.variables.size === 0) return undefined
  return known({
    value: false,
    key: 'none',
    unless: (writer) => writer.notEmpty(rendered),
    code: (writer) => writer.as(rendered, 'flag', { kind: 'code', text: 'false', binding: 'primary' }),
  })
}
