import { nameHint } from '@imago/core'

import type { JsonNode, JsonObjectNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import type { Model } from './known.ts'
import type { Coercion, OptionContext } from './option-context.ts'
import { contextInside } from './option-context.ts'
import type { AsRow, MeaninglessRow, NoCounterpartRow } from './table.ts'

/** What becomes of the members of an object inside of an option. */
export type NestedRows<O> = Readonly<Record<string, AsRow<O> | NoCounterpartRow | MeaninglessRow>>

/** An object inside of an option: a table of its own. */
export function nested<O extends object>(): (rows: NestedRows<O>) => Coercion<O> {
  return (rows) => (node, ctx) => {
    if (node.kind === 'object') return readObject<O>(node, rows, ctx)
    // Packer's HCL writes an object as a list of one.
    if (node.kind === 'array' && node.items.length === 1 && node.items[0]?.kind === 'object') return readObject<O>(node.items[0], rows, ctx)
    return wrong(node, 'an object', ctx)
  }
}

/** A list of such objects. */
export function nestedList<O extends object>(): (rows: NestedRows<O>) => Coercion<readonly O[]> {
  return (rows) => (node, ctx) => {
    const items = node.kind === 'array' ? node.items : node.kind === 'object' ? [node] : []
    if (node.kind !== 'array' && node.kind !== 'object') return wrong(node, 'a list of objects', ctx)
    const read = items.flatMap((item, index): readonly Model<O>[] => {
      const inside = contextInside(ctx, item, index)
      if (item.kind === 'object') return [readObject<O>(item, rows, inside)]
      wrong(item, 'an object', inside)
      return []
    })
    return read.length === 0 ? undefined : read
  }
}

function readObject<O extends object>(object: JsonObjectNode, rows: NestedRows<O>, ctx: OptionContext): Model<O> {
  const known = new Map(Object.entries(rows))
  const result: Record<string, unknown> = {}
  for (const [name, { at, value }] of object.members) {
    const row = known.get(name)
    const inside = contextInside({ ...ctx, at }, value, name)
    if (row === undefined)
      ctx.reports.strictProblem({ at, path: inside.path }, `unknown option '${name}'`, nameHint(name, [...known.keys()]))
    else if (row.kind === 'as') result[row.to] = row.read(value, inside)
    else if (row.kind === 'no-counterpart')
      ctx.reports.strictProblem({ at, path: inside.path }, `there is no counterpart of '${name}' yet`, row.instead)
  }
  const given = Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined))
  return given as Model<O> // what the rows read, which the compiler has held against O
}

function wrong(node: JsonNode, wanted: string, ctx: OptionContext): undefined {
  if (node.kind !== 'plain' || node.value !== null) ctx.reports.problem(ctx, `must be ${wanted}, not ${describeNode(node)}`)
  return undefined
}
