import type { FromFacts, Secret } from '@imago/core'

import type { JsonNode } from '../json/json-node.ts'
import { buildValues } from '../text/field-table.ts'
import { needsOf } from '../text/text-needs.ts'
import { asSecret, knownLate, knownText, lateText, shortestSecret, staticText } from './coercions.ts'
import type { Known, Model } from './known.ts'
import { known } from './known.ts'
import { itemsOf } from './list-coercions.ts'
import type { Coercion, OptionContext } from './option-context.ts'
import { contextInside } from './option-context.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, FromFacts<string | Secret>>>

/** `environment_vars`: texts `NAME=value`. */
export const environmentList: Coercion<Environment> = (node, ctx) => {
  const entries = itemsOf(node, ctx).flatMap((item, index) => variableOf(item, contextInside(ctx, item, index)))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** `env`: an object. */
export const environmentMap: Coercion<Environment> = (node, ctx) => {
  if (node.kind !== 'object') {
    if (node.kind !== 'plain' || node.value !== null) ctx.reports.problem(ctx, 'must be an object')
    return undefined
  }
  const read = lateText(buildValues)
  const entries = [...node.members].map(([name, { value }]) => [name, read(value, contextInside(ctx, value, name)) ?? ''] as const)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function variableOf(node: JsonNode, ctx: OptionContext): readonly (readonly [string, Model<FromFacts<string | Secret>>])[] {
  const wrong = (): [] => {
    ctx.reports.problem(ctx, "an environment variable is given as 'NAME=value'")
    return []
  }
  if (node.kind !== 'text') return wrong()
  const parsed = ctx.renderer.parse(node, ctx)
  if (parsed === undefined) return []
  const [first, ...rest] = parsed.nodes
  const at = first?.kind === 'text' ? first.text.indexOf('=') : -1
  if (first?.kind !== 'text' || at < 1) return nameFromValue(node, ctx) ?? wrong()
  const begin = first.text.slice(at + 1)
  const nodes = begin === '' ? rest : [{ kind: 'text', text: begin } as const, ...rest]
  const where = contextInside(ctx, node)
  const rendered = ctx.renderer.renderParsed({ source: node.value, nodes, needs: needsOf(nodes) }, where, {
    build: ctx.build,
    buildIsFact: ctx.buildIsFact,
    fields: buildValues,
  })
  if (rendered === undefined) return []
  const { value } = rendered
  const name = first.text.slice(0, at)
  if (typeof value !== 'string') return [[name, knownLate(rendered, value)]]
  const text = staticText(rendered, value)
  return [[name, text === undefined ? '' : rendered.sensitive && value.length >= shortestSecret ? asSecret(text) : withEmpty(text)]]
}

/** The name itself is made from a variable. */
function nameFromValue(node: JsonNode, ctx: OptionContext): [readonly [string, string]] | undefined {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(knownText(node, ctx)?.value ?? '') ?? []
  return name === undefined || value === undefined ? undefined : [[name, value]]
}

/** A variable may be empty: it is there all the same. */
function withEmpty({ value, key, code }: Known<string>): Known<string> {
  return known({ value, key, code })
}
