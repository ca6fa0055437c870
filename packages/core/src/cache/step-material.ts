import { createHash } from 'node:crypto'

import type { Facts } from '../facts.ts'
import type { ArtifactReference } from '../image.ts'
import { isArtifactReference } from '../image.ts'
import type { Json, JsonObject } from '../json.ts'
import type { Secret } from '../secret.ts'
import { isSecret } from '../secret.ts'

/** What is known of a build before its machine is there; options that are functions may read this and be cached. */
export type StableFacts = Pick<Facts, 'buildName' | 'builderType' | 'image'>

/** What making options into material needs. */
export interface MaterialContext {
  readonly facts: StableFacts
  /** What stands for a secret. Tells nothing of it. */
  secret(value: Secret): string
  /** What stands for another build's artifact. */
  artifact(reference: ArtifactReference): Json
}

/** Why something cannot be a part of a key: `'it depends on the fact host'`. */
export class Uncacheable extends Error {
  override readonly name: string = 'Uncacheable'
}

/**
 * A value of a component's options as plain JSON, in which different values never look the same: what is no JSON becomes an object with
 * one member whose name begins with `$`, and members of the value that begin so get another `$`. Functions of the facts are computed.
 * @throws Uncacheable for what has no content that can be told: a fact of the running machine, an object of a class.
 */
export function materialOf(value: unknown, context: MaterialContext): Json {
  return convert(value, context, [])
}

function convert(value: unknown, context: MaterialContext, around: readonly object[]): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) }
  if (value === undefined) return { $undefined: true }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'function') return compute(value, context, around)
  if (typeof value === 'symbol') throw new Uncacheable('an option holds a symbol')
  if (isSecret(value)) return { $secret: context.secret(value) }
  if (isArtifactReference(value)) return { $artifact: context.artifact(value) }
  if (value instanceof Uint8Array) return { $bytes: createHash('sha256').update(value).digest('hex') }
  if (value instanceof Date) return { $date: value.getTime() }
  if (value instanceof URL) return { $url: value.href }
  if (value instanceof RegExp) return { $pattern: String(value) }
  if (around.includes(value)) throw new Uncacheable('an option holds itself')
  const inside = [...around, value]
  if (Array.isArray(value)) return value.map((item) => convert(item, context, inside))
  return convertObject(value, context, inside)
}

function convertObject(value: object, context: MaterialContext, inside: readonly object[]): JsonObject {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw new Uncacheable(`an option holds ${nameOf(value)}`)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name.replace(/^\$/, '$$$$'), convert(member, context, inside)]))
}

function nameOf(value: object): string {
  const { name } = value.constructor
  return name === '' ? 'an object of a class' : `an object of the class ${name}`
}

/** What a function of the facts makes, if it reads no others than those that are known beforehand. */
function compute(value: Function, context: MaterialContext, around: readonly object[]): Json {
  let reads: string | undefined
  const note = (name: string | symbol): undefined => void (reads ??= typeof name === 'string' ? `the fact ${name}` : 'the facts')
  const facts = new Proxy(context.facts, {
    get: (known, name) => (Object.hasOwn(known, name) ? known[name as keyof StableFacts] : note(name)), // it has just been found there
    has: (known, name) => (Object.hasOwn(known, name) ? true : note(name) === null),
    ownKeys: (known) => (note('facts'), Reflect.ownKeys(known)),
  })
  let made: unknown
  try {
    made = (value as (facts: StableFacts) => unknown)(facts) // whatever it wants besides is undefined
  } catch (error) {
    throw new Uncacheable(`an option cannot be computed before the machine is there`, { cause: error })
  }
  if (made instanceof Promise) made.catch(() => undefined) // it is not waited for
  if (reads !== undefined) throw new Uncacheable(`it depends on ${reads} of the running build`)
  if (typeof made === 'function' || made instanceof Promise) throw new Uncacheable('an option is a function of more than the facts')
  return { $computed: convert(made, context, around) }
}
