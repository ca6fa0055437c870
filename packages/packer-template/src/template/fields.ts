import { nameHint } from '@imago/core'

import type { JsonMember, JsonNode, JsonObjectNode, JsonTextNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import { inside } from '../reports.ts'

/** Reads the members of an object one by one, and says of each that is not what it should be. */
export class Fields {
  readonly location: Location
  readonly #object: JsonObjectNode
  readonly #reports: Reports

  constructor(object: JsonObjectNode, location: Location, reports: Reports) {
    this.#object = object
    this.location = location
    this.#reports = reports
  }

  /** A member, whatever it is; `null` counts as none. */
  get(name: string): JsonMember | undefined {
    const member = this.#object.members.get(name)
    return member?.value.kind === 'plain' && member.value.value === null ? undefined : member
  }

  node(name: string): JsonNode | undefined {
    return this.get(name)?.value
  }

  text(name: string): JsonTextNode | undefined {
    const value = this.node(name)
    if (value === undefined || value.kind === 'text') return value
    this.#wrong(name, value, 'a string')
    return undefined
  }

  flag(name: string): boolean | undefined {
    const value = this.node(name)
    if (value?.kind === 'plain' && typeof value.value === 'boolean') return value.value
    if (value !== undefined) this.#wrong(name, value, 'true or false')
    return undefined
  }

  object(name: string): JsonObjectNode | undefined {
    const value = this.node(name)
    if (value === undefined || value.kind === 'object') return value
    this.#wrong(name, value, 'an object')
    return undefined
  }

  list(name: string): readonly JsonNode[] {
    const value = this.node(name)
    if (value === undefined) return []
    if (value.kind === 'array') return value.items
    this.#wrong(name, value, 'an array')
    return []
  }

  /** Names, in a list, or where that is usual as a text with commas between them. */
  names(name: string, { mayBeText }: { readonly mayBeText: boolean }): readonly string[] | undefined {
    const value = this.node(name)
    if (value === undefined) return undefined
    if (value.kind === 'text' && mayBeText) return value.value.split(',').map((part) => part.trim())
    return this.list(name).flatMap((item) => {
      if (item.kind === 'text') return [item.value]
      this.#wrong(name, item, 'a string')
      return []
    })
  }

  /** The members that are not among these. */
  others(known: readonly string[]): JsonObjectNode {
    const members = [...this.#object.members].filter(([name]) => !known.includes(name))
    return { ...this.#object, members: new Map(members) }
  }

  /** Reports a member that there is not. */
  unknown(name: string, at: JsonMember['at'], known: readonly string[], what: string): void {
    this.#reports.strictProblem(inside(this.location, at, name), `unknown ${what} '${name}'`, nameHint(name, known))
  }

  #wrong(name: string, value: JsonNode, wanted: string): void {
    this.#reports.problem(inside(this.location, value.at, name), `must be ${wanted}, not ${describeNode(value)}`)
  }
}
