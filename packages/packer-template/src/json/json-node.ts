import type { Json } from '@imago/core'

/** Where something stands in a file. Lines and columns count from 1. */
export interface Place {
  /** As the user would write it. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A value of a JSON file, and where it stands. */
export type JsonNode = JsonObjectNode | JsonArrayNode | JsonLeaf

/** An object. Of several members of one name, the last one counts. */
export interface JsonObjectNode {
  readonly kind: 'object'
  readonly at: Place
  readonly members: ReadonlyMap<string, JsonMember>
}

/** A member of an object. */
export interface JsonMember {
  /** Where its name stands. */
  readonly at: Place
  readonly value: JsonNode
}

/** An array. */
export interface JsonArrayNode {
  readonly kind: 'array'
  readonly at: Place
  readonly items: readonly JsonNode[]
}

/** A value that holds no others. */
export type JsonLeaf = JsonTextNode | JsonPlainLeaf

/** A string. */
export interface JsonTextNode {
  readonly kind: 'text'
  readonly at: Place
  readonly value: string
}

/** A number, a boolean or `null`. */
export interface JsonPlainLeaf {
  readonly kind: 'plain'
  readonly at: Place
  readonly value: number | boolean | null
}

/** The value without the places. */
export function plainJson(node: JsonNode): Json {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries([...node.members].map(([name, { value }]) => [name, plainJson(value)]))
    case 'array':
      return node.items.map(plainJson)
    default:
      return node.value
  }
}

/** A value that stands in the place of another. */
export function jsonNodeAt(at: Place, value: Json): JsonNode {
  if (typeof value === 'string') return { kind: 'text', at, value }
  if (typeof value !== 'object' || value === null) return { kind: 'plain', at, value }
  if (isList(value)) return { kind: 'array', at, items: value.map((item) => jsonNodeAt(at, item)) }
  const members = Object.entries(value).map(([name, member]) => [name, { at, value: jsonNodeAt(at, member) }] as const)
  return { kind: 'object', at, members: new Map(members) }
}

/** What a value is, for messages: `'a string'`. */
export function describeNode(node: JsonNode): string {
  switch (node.kind) {
    case 'object':
      return 'an object'
    case 'array':
      return 'an array'
    case 'text':
      return 'a string'
    default:
      return node.value === null ? 'null' : `a ${typeof node.value}`
  }
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
