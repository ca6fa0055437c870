import { isSecret, reveal } from '@imago/core'

import { isKnown } from '../mapping/known.ts'
import type { CodeWriter } from './code-writer.ts'
import { code, textExpression } from './expression.ts'
import type { Layout, ObjectEntry } from './layout.ts'

/** Options as they are written: what knows how to be written, in its own way, and everything else as a literal. */
export function modelLayout(model: unknown, writer: CodeWriter): Layout {
  if (isKnown(model)) return model.code(writer)
  if (isSecret(model)) return { kind: 'call', callee: writer.imported('@imago/core', 'secret'), args: [textExpression(reveal(model))] }
  if (typeof model === 'string') return textExpression(model)
  if (Array.isArray(model)) return { kind: 'list', items: model.map((item) => modelLayout(item, writer)) }
  if (typeof model === 'object' && model !== null) return { kind: 'object', entries: entriesOf(model, writer) }
  return code(String(model))
}

/** The members of options. */
export function entriesOf(model: object, writer: CodeWriter): readonly ObjectEntry[] {
  return Object.entries(model).flatMap(([name, value]): readonly ObjectEntry[] => {
    if (value === undefined) return []
    const layout = modelLayout(value, writer)
    if (!isKnown(value) || value.unless === undefined) return [{ kind: 'member', name, value: layout }]
    return [{ kind: 'spread', name, condition: value.unless(writer), value: layout }]
  })
}
