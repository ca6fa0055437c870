import type { Json } from '@imago/core'

import type { JsonNode } from '../json/json-node.ts'
import { describeNode, jsonNodeAt } from '../json/json-node.ts'
import { knownText } from './coercions.ts'
import { surely } from './group.ts'
import type { Model } from './known.ts'
import type { Coercion, OptionContext } from './option-context.ts'
import { contextInside } from './option-context.ts'

/** Plain data, of which the texts may be made of variables. */
export type JsonData = string | number | boolean | null | readonly JsonData[] | { readonly [name: string]: JsonData }

/** An object of plain data. */
export const jsonObject: Coercion<Readonly<Record<string, JsonData>>> = (node, ctx) => {
  if (node.kind === 'object') return node.members.size === 0 ? undefined : members(node, ctx)
  if (node.kind !== 'plain' || node.value !== null) ctx.reports.problem(ctx, `must be an object, not ${describeNode(node)}`)
  return undefined
}

/** A text of JSON that is such an object. Variables may be in its texts, or make the whole of it. */
export const jsonText: Coercion<Readonly<Record<string, JsonData>>> = (node, ctx) => {
  if (node.kind !== 'text') return jsonObject(node, ctx)
  const data = parsedJson(node.value) ?? parsedJson(knownText(node, ctx)?.value ?? '{}')
  if (data === undefined) ctx.reports.problem(ctx, 'is no JSON')
  return data === undefined ? undefined : jsonObject(jsonNodeAt(node.at, data), ctx)
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json // is what JSON holds
  } catch {
    return undefined
  }
}

function members(node: Extract<JsonNode, { readonly kind: 'object' }>, ctx: OptionContext): { readonly [name: string]: Model<JsonData> } {
  return Object.fromEntries([...node.members].map(([name, { value }]) => [name, data(value, contextInside(ctx, value, name))]))
}

function data(node: JsonNode, ctx: OptionContext): Model<JsonData> {
  switch (node.kind) {
    case 'object':
      return members(node, ctx)
    case 'array':
      return node.items.map((item, index) => data(item, contextInside(ctx, item, index)))
    case 'text':
      return surely(knownText(node, ctx) ?? '')
    default:
      return node.value
  }
}
