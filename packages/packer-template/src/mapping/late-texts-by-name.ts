import type { FromFacts } from '@imago/core'

import { describeNode } from '../json/json-node.ts'
import type { FieldTable } from '../text/field-table.ts'
import { textExpression } from '../typescript/expression.ts'
import { always, lateText } from './coercions.ts'
import type { Known, Model } from './known.ts'
import { isKnown, known } from './known.ts'
import { renderedName } from './list-coercions.ts'
import type { Coercion } from './option-context.ts'
import { contextInside } from './option-context.ts'

const empty: Known<string> = known({ value: '', key: '""', code: () => textExpression('') })

/** Texts by name, each of which may be made while the build runs. */
export function lateTextsByName(fields: FieldTable): Coercion<Readonly<Record<string, FromFacts<string>>>> {
  const read = always(lateText(fields))
  return (node, ctx) => {
    const objects = node.kind === 'array' ? node.items : [node]
    const entries = objects.flatMap((object): (readonly [string, Model<FromFacts<string>>])[] => {
      if (object.kind === 'object') {
        return [...object.members].map(
          ([name, { value }]) => [renderedName(name, value, ctx), read(value, contextInside(ctx, value, name)) ?? empty] as const,
        )
      }
      if (object.kind !== 'plain' || object.value !== null) ctx.reports.problem(ctx, `must be an object, not ${describeNode(object)}`)
      return []
    })
    return entries.length === 0 ? undefined : Object.fromEntries(entries.filter(([, value]) => value === empty || isKnown(value)))
  }
}
