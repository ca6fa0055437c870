import type { Issue, Json } from '@imago/core'
import { nameHint } from '@imago/core'

import type { JsonMember, JsonNode, JsonObjectNode, Place } from '../json/json-node.ts'
import { plainJson } from '../json/json-node.ts'
import { inside } from '../reports.ts'
import type { Model } from './known.ts'
import type { Coercion, OptionContext } from './option-context.ts'

/** Where a factory comes from. */
export interface Factory {
  readonly name: string
  readonly package: string
}

/** What becomes of one option of Packer. */
export type Row<O> = AsRow<O> | TakenRow<unknown> | NoCounterpartRow | MeaninglessRow

/** It becomes one option of ours. */
export type AsRow<O> = {
  [K in NameIn<O>]: { readonly kind: 'as'; readonly to: K; readonly read: Coercion<Exclude<ValueIn<O, K>, undefined>> }
}[NameIn<O>]

/** It is read, and `compose` makes something of it. */
export interface TakenRow<out T> {
  readonly kind: 'taken'
  readonly read: Coercion<T>
}

/** There is nothing like it yet. */
export interface NoCounterpartRow {
  readonly kind: 'no-counterpart'
  /** What to do instead. */
  readonly instead: string
}

/** It changes nothing here. */
export interface MeaninglessRow {
  readonly kind: 'meaningless'
  readonly why: string
  /** It is read, so that what Packer refuses is refused. @default anything is taken */
  readonly read?: Coercion<unknown>
}

type NameIn<O> = O extends unknown ? Extract<keyof O, string> : never
type ValueIn<O, K> = O extends unknown ? (K extends keyof O ? O[K] : never) : never

/** The options of Packer that `compose` gets, by their names. */
export type Taken<R> = {
  readonly [K in keyof R as R[K] extends TakenRow<unknown> ? K : never]?: R[K] extends TakenRow<infer T> ? Model<T> : never
}

/** How a component of Packer becomes one of ours: its options, each declared. */
export interface TableParts<O extends object, R> {
  readonly factory: Factory
  /** Loads the factory. Only what is used is loaded. */
  load(): Promise<(options: O) => object>
  readonly options: R & Readonly<Record<string, Row<O>>>
  /** Makes our options of those that are not each one of ours, and of what Packer takes when they are not there. */
  compose?(taken: Taken<R>, ctx: ComponentContext): Composed<O> | undefined
}

/** What `compose` may look at besides. */
export interface ComponentContext extends OptionContext {
  /** The options as they are written. */
  readonly options: JsonObjectNode
  /** Says of a value of an option that there is nothing like it yet. */
  noCounterpart(name: string, instead: string): void
  /** Says of an option what is different here. */
  warn(name: string, message: string): void
}

/** Options of ours, some or all. */
export type Composed<O> = { readonly [K in NameIn<O>]?: Model<Exclude<ValueIn<O, K>, undefined>> }

/** An option that was given and has no counterpart. */
export interface MissingOption {
  readonly name: string
  readonly at: Place
  readonly path: Issue['path']
  readonly value: Json
  readonly instead: string
}

/** A component with our options. */
export interface MappedOptions {
  readonly options: Readonly<Record<string, unknown>>
  readonly missing: readonly MissingOption[]
}

/** A table without its types. */
export interface ComponentTable {
  readonly factory: Factory
  load(): Promise<(options: object) => object>
  /** Reads a component's options. What is wrong is reported. */
  map(options: JsonObjectNode, ctx: OptionContext): MappedOptions
}

/** An option that becomes one of ours. */
export function as<const K extends string, T>(
  to: K,
  read: Coercion<T>,
): { readonly kind: 'as'; readonly to: K; readonly read: Coercion<T> } {
  return { kind: 'as', to, read }
}

/** An option that `compose` makes something of. */
export function taken<T>(read: Coercion<T>): TakenRow<T> {
  return { kind: 'taken', read }
}

/** An option that `compose` reads itself, as it depends on others. */
export const inCompose: TakenRow<never> = taken<never>(() => undefined)

/** An option that has no counterpart yet. */
export function noCounterpart(instead: string): NoCounterpartRow {
  return { kind: 'no-counterpart', instead }
}

/** An option that changes nothing here. */
export function meaningless(why: string, read?: Coercion<unknown>): MeaninglessRow {
  return { kind: 'meaningless', why, ...(read !== undefined && { read }) }
}

/**
 * Declares how a component's options become those of one of our factories; the compiler holds the table against the factory's type.
 * @example
 * defineTable<DockerTagOptions>()({ factory: …, load: …, options: { repository: as('repository', text) } })
 */
export function defineTable<O extends object>(): <const R extends Readonly<Record<string, Row<O>>>>(
  parts: TableParts<O, R>,
) => ComponentTable {
  return (parts) => ({
    factory: parts.factory,
    load: async () => (await parts.load()) as (options: object) => object, // gets what `map` makes, which the compiler has held against O
    map: (options, ctx) => mapOptions(parts, options, ctx),
  })
}

function mapOptions<O extends object, R>(parts: TableParts<O, R>, options: JsonObjectNode, ctx: OptionContext): MappedOptions {
  const rows = new Map<string, Row<O>>(Object.entries(parts.options))
  const direct: Record<string, unknown> = {}
  const takenValues: Record<string, unknown> = {}
  const missing: MissingOption[] = []
  for (const [written, { at, value }] of options.members) {
    const name = knownName(written, rows)
    const row = rows.get(name)
    const here = { ...ctx, ...inside(ctx, at, written) }
    if (row === undefined) {
      ctx.reports.strictProblem(here, `unknown option '${written}'`, nameHint(written, [...rows.keys()]))
      continue
    }
    switch (row.kind) {
      case 'as':
        direct[row.to] = row.read(value, here)
        break
      case 'taken':
        takenValues[name] = row.read(value, here)
        break
      case 'no-counterpart':
        if (!isZero(value)) missing.push(missingOption(written, { at, value }, ctx, row.instead))
        break
      case 'meaningless':
        row.read?.(value, here)
        break
    }
  }
  const noCounterpart = (name: string, instead: string): void => {
    const member = options.members.get(name)
    if (member !== undefined) missing.push(missingOption(name, member, ctx, instead))
  }
  const warn = (name: string, message: string): void => {
    const member = options.members.get(name)
    if (member !== undefined) ctx.reports.warn(inside(ctx, member.at, name), message)
  }
  // each value was read by its own row
  const composed = parts.compose?.(takenValues as Taken<R>, { ...ctx, options, noCounterpart, warn }) ?? {}
  return { options: inReadingOrder({ ...direct, ...composed }), missing }
}

function missingOption(name: string, { at, value }: JsonMember, ctx: OptionContext, instead: string): MissingOption {
  return { name, at, path: [...ctx.path, name], value: plainJson(value), instead }
}

/** What a step is about comes before how it does it. */
const leading = ['iso', 'disk', 'diskSize', 'image', 'inline', 'script', 'scripts', 'source', 'sources', 'content', 'destination']

function inReadingOrder(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const first = given.filter(([name]) => leading.includes(name))
  return Object.fromEntries([...first, ...given.filter(([name]) => !leading.includes(name))])
}

/** Go finds the fields of an object whatever their capitals. */
function knownName(written: string, rows: ReadonlyMap<string, unknown>): string {
  return rows.has(written) || !rows.has(written.toLowerCase()) ? written : written.toLowerCase()
}

/** Whether a value is, to Packer, as if the option were not there. */
function isZero(node: JsonNode): boolean {
  switch (node.kind) {
    case 'plain':
      return node.value === null || node.value === false || node.value === 0
    case 'text':
      return node.value === '' || node.value === 'false'
    case 'array':
      return node.items.length === 0
    default:
      return node.members.size === 0
  }
}
