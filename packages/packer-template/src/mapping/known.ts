import type { Secret } from '@imago/core'
import { isSecret, reveal } from '@imago/core'

import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import type { Layout } from '../typescript/layout.ts'

const brand: unique symbol = Symbol('imago.known')

/** A value of an option as it is now, and how to write it in TypeScript so that it follows the variables it depends on. */
export interface Known<out T> {
  readonly [brand]: true
  readonly value: T
  /** The same for the same values. */
  readonly key: string
  /**
   * It is the zero value of its type only because of what variables have now. To Packer that is as if the option were not there; with
   * other values it is. This is the condition under which it is there.
   */
  readonly unless?: (writer: CodeWriter) => Expression
  /** A variable in it has no value yet. */
  readonly missing?: boolean
  readonly code: (writer: CodeWriter) => Layout
}

/** The parts of a {@link Known}. */
export type KnownParts<T> = Omit<Known<T>, typeof brand>

/** Options in which every value may be a {@link Known}. */
export type Model<T> = T | Known<T> | ModelInside<T>

type ModelInside<T> = T extends Secret | ((...args: never) => unknown)
  ? never
  : T extends readonly (infer Item)[]
    ? readonly Model<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Model<Exclude<T[K], undefined>> }
      : never

/** Makes a {@link Known}. */
export function known<T>(parts: KnownParts<T>): Known<T> {
  return { [brand]: true, ...parts }
}

/** Whether a value is a {@link Known}. */
export function isKnown(value: unknown): value is Known<unknown> {
  return typeof value === 'object' && value !== null && brand in value
}

/** The values without the code: what a factory takes. Options that are not there now are left out. */
export function valueOf(model: unknown): unknown {
  if (isKnown(model)) return model.value
  if (typeof model !== 'object' || model === null || isSecret(model)) return model
  if (Array.isArray(model)) return model.map(valueOf)
  const entries = Object.entries(model).filter(([, member]) => member !== undefined && !isAbsent(member))
  return Object.fromEntries(entries.map(([name, member]) => [name, valueOf(member)]))
}

/** A text that is the same for models that mean the same. */
export function keyOf(model: unknown): string {
  if (isKnown(model)) return `${isAbsent(model) ? '?' : ''}${model.key}`
  if (isSecret(model)) return JSON.stringify({ secret: reveal(model) })
  if (typeof model !== 'object' || model === null) return JSON.stringify(model) ?? 'undefined'
  if (Array.isArray(model)) return `[${model.map(keyOf).join(',')}]`
  const entries = Object.entries(model).filter(([, member]) => member !== undefined)
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${keyOf(member)}`).join(',')}}`
}

/** Whether an option is not there with the values that variables have now. */
export function isAbsent(model: unknown): boolean {
  return isKnown(model) && model.unless !== undefined
}
