import type { Facts, FromFacts } from '@imago/core'

import type { JsonNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import type { FieldTable } from '../text/field-table.ts'
import { buildValues } from '../text/field-table.ts'
import type { RenderedText } from '../text/render-text.ts'
import type { CodeWriter } from '../typescript/code-writer.ts'
import { printPrimary } from '../typescript/expression.ts'
import { code } from '../typescript/expression.ts'
import type { Layout } from '../typescript/layout.ts'
import { knownText, lateText, renderLeaf } from './coercions.ts'
import type { Known, Model } from './known.ts'
import { isKnown, known } from './known.ts'
import type { Coercion, LateScope, OptionContext } from './option-context.ts'
import { contextInside } from './option-context.ts'

/** Texts. One text holds several between commas. */
export const texts: Coercion<readonly string[]> = (node, ctx) => {
  if (node.kind !== 'array') return splitText(node, ctx)
  const items = node.items.flatMap((item, index) => emptyOr(item, contextInside(ctx, item, index)))
  return items.length === 0 ? undefined : items
}

/** Texts that may be made while the build runs. */
export function lateTexts(fields: FieldTable, prepare?: LateScope['prepare']): Coercion<FromFacts<readonly string[]>> {
  return (node, ctx) => {
    if (node.kind !== 'array') {
      const rendered = renderLeaf(node, ctx, { fields, ...(prepare !== undefined && { prepare }) })
      const late = typeof rendered === 'object' && typeof rendered.value !== 'string' ? rendered : undefined
      return late === undefined ? splitText(node, ctx) : splitLate(late)
    }
    const read = lateText(fields, prepare)
    const items = node.items.flatMap((item, index): Known<FromFacts<string>>[] => {
      const value = read(item, contextInside(ctx, item, index))
      if (isKnownText(value)) return [value]
      return item.kind === 'text' && value === undefined ? [emptyText] : []
    })
    return items.length === 0 ? undefined : lateTextList(items)
  }
}

/** A list of one text, which is never split. */
export function lateLine(fields: FieldTable): Coercion<FromFacts<readonly string[]>> {
  const read = lateText(fields)
  return (node, ctx) => {
    const line = read(node, ctx)
    return isKnownText(line) ? lateTextList([line]) : undefined
  }
}

/** A list of texts, which may be made while the build runs. */
export function lateTextList(items: readonly Known<FromFacts<string>>[]): Model<FromFacts<readonly string[]>> {
  return items.some(({ value }) => typeof value === 'function') ? lateList(items) : plainList(items)
}

/** Whole numbers. */
export const integers: Coercion<readonly number[]> = (node, ctx) => {
  const items = node.kind === 'array' ? node.items : splitNodes(node)
  const numbers = items.flatMap((item, index) => {
    const value = knownText(item, contextInside(ctx, item, index))?.value.trim() ?? '0'
    if (/^-?\d+$/.test(value)) return [Number(value)]
    ctx.reports.problem(contextInside(ctx, item, index), `must be a whole number, not '${value}'`)
    return []
  })
  return numbers.length === 0 ? undefined : numbers
}

/** The items of a list. One text holds several between commas, which may come from a variable, too. */
export function itemsOf(node: JsonNode, ctx: OptionContext): readonly JsonNode[] {
  if (node.kind === 'array') return node.items
  if (node.kind !== 'text') return []
  const written = node.value.split(',')
  const needs = ctx.renderer.parse(node, ctx)?.needs
  const isStatic = needs !== undefined && needs.variables.size > 0 && needs.fields.size === 0 && !needs.functions.has('build')
  const values = isStatic ? (knownText(node, ctx)?.value.split(',') ?? []) : written
  return (values.length > written.length ? values : written).map((value) => ({ ...node, value }))
}

/** The name of a member: Packer renders it as it does the value. */
export function renderedName(name: string, value: JsonNode, ctx: OptionContext): string {
  if (!name.includes('{{')) return name
  return knownText({ kind: 'text', at: value.at, value: name }, contextInside(ctx, value, name))?.value ?? name
}

/** Texts by name. A list of objects counts as one object. */
export const textMap: Coercion<Readonly<Record<string, string>>> = (node, ctx) => {
  const objects = node.kind === 'array' ? node.items : [node]
  const entries = objects.flatMap((object) => {
    if (object.kind === 'object') {
      return [...object.members].map(
        ([name, { value }]) => [renderedName(name, value, ctx), knownText(value, contextInside(ctx, value, name)) ?? ''] as const,
      )
    }
    if (object.kind !== 'plain' || object.value !== null) ctx.reports.problem(ctx, `must be an object, not ${describeNode(object)}`)
    return []
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Texts by name, all of which may be made while the build runs. */
export const lateTextMap: Coercion<FromFacts<Readonly<Record<string, string>>>> = (node, ctx) => {
  const objects = node.kind === 'array' ? node.items : [node]
  const read = lateText(buildValues)
  const entries = objects.flatMap((object) => {
    if (object.kind !== 'object') return []
    return [...object.members].map(([name, { value }]): readonly [string, Known<FromFacts<string>>] => {
      const text = read(value, contextInside(ctx, value, name))
      return [renderedName(name, value, ctx), isKnownText(text) ? text : emptyText]
    })
  })
  if (!entries.some(([, { value }]) => typeof value === 'function')) return textMap(node, ctx)
  return known<FromFacts<Readonly<Record<string, string>>>>({
    value: (facts: Facts) =>
      Object.fromEntries(entries.map(([name, { value }]) => [name, typeof value === 'function' ? value(facts) : value])),
    key: `late:{${entries.map(([name, { key }]) => `${name}:${key}`).join(',')}}`,
    code: (writer) => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: { kind: 'object', entries: entries.map(([name, item]) => ({ kind: 'member', name, value: bodyOf(item, writer) })) },
    }),
  })
}

/** A text inside of a function of the facts. */
function bodyOf(item: Known<FromFacts<string>>, writer: CodeWriter): Layout {
  const layout = item.code(writer)
  return layout.kind === 'arrow' ? layout.body : layout
}

/** A text that is there, and empty. */
export const emptyText: Known<string> = known({ value: '', key: '""', code: () => ({ kind: 'text', value: '' }) })

function emptyOr(node: JsonNode, ctx: OptionContext): Known<string>[] {
  const value = knownText(node, ctx)
  if (value !== undefined) return [value]
  return node.kind === 'text' ? [emptyText] : []
}

function isKnownText(value: Model<FromFacts<string>> | undefined): value is Known<FromFacts<string>> {
  return isKnown(value)
}

/** A text in the place of a list. */
function splitText(node: JsonNode, ctx: OptionContext): Model<readonly string[]> | undefined {
  if (node.kind === 'object') {
    if (node.members.size > 0) ctx.reports.problem(ctx, 'must be a list, not an object')
    return undefined
  }
  const rendered = renderLeaf(node, ctx)
  if (rendered === undefined) return undefined
  if (typeof rendered === 'string') return [rendered]
  if (typeof rendered.value !== 'string') return undefined
  if (rendered.text.needs.functions.size === 0) return rendered.value === '' ? undefined : rendered.value.split(',')
  return splitStatic(rendered, rendered.value)
}

function splitStatic(rendered: RenderedText, value: string): Known<readonly string[]> | undefined {
  if (value === '' && rendered.text.needs.variables.size === 0) return undefined
  const list = value.split(',')
  return known({
    value: list,
    key: JSON.stringify(list),
    ...(value === '' && { unless: (writer) => writer.notEmpty(rendered) }),
    code: (writer) => code(`${printPrimary(writer.text(rendered))}.split(',')`),
  })
}

function splitLate(rendered: RenderedText): Known<(facts: Facts) => readonly string[]> | undefined {
  const { value } = rendered
  if (typeof value === 'string') return undefined
  return known({
    value: (facts: Facts) => value(facts).split(','),
    key: `late:${JSON.stringify(rendered.text.source)}`,
    code: (writer) => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: code(`${printPrimary(writer.text(rendered))}.split(',')`),
    }),
  })
}

function lateList(items: readonly Known<FromFacts<string>>[]): Known<(facts: Facts) => readonly string[]> {
  return known({
    value: (facts: Facts) => items.map(({ value }) => (typeof value === 'function' ? value(facts) : value)),
    key: `late:[${items.map(({ key }) => key).join(',')}]`,
    code: (writer) => ({
      kind: 'arrow',
      parameters: '(facts)',
      body: {
        kind: 'list',
        items: items.map((item) => bodyOf(item, writer)),
      },
    }),
  })
}

function plainList(items: readonly Known<FromFacts<string>>[]): readonly Known<string>[] {
  return items.filter((item): item is Known<string> => typeof item.value === 'string')
}

function splitNodes(node: JsonNode): readonly JsonNode[] {
  if (node.kind === 'text') return node.value === '' ? [] : node.value.split(',').map((value) => ({ ...node, value }))
  return node.kind === 'plain' && node.value === null ? [] : [node]
}
