import type { JsonMember, JsonNode, JsonObjectNode } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import { inside } from '../reports.ts'

/** What a component is. */
export type ComponentKind = 'builder' | 'provisioner' | 'post-processor'

/** A component's options while deprecated ones are replaced. The original is left alone. */
export class Draft {
  readonly kind: ComponentKind
  readonly #location: Location
  readonly #reports: Reports
  readonly #original: JsonObjectNode
  readonly #members: Map<string, JsonMember>

  constructor(kind: ComponentKind, object: JsonObjectNode, location: Location, reports: Reports) {
    this.kind = kind
    this.#original = object
    this.#members = new Map(object.members)
    this.#location = location
    this.#reports = reports
  }

  get type(): string {
    const type = this.get('type')
    return type?.kind === 'text' ? type.value : ''
  }

  get(option: string): JsonNode | undefined {
    return this.#members.get(option)?.value
  }

  /** The text of an option that is one; numbers and booleans count. */
  text(option: string): string | undefined {
    const value = this.get(option)
    if (value?.kind === 'text') return value.value
    return value?.kind === 'plain' && value.value !== null ? String(value.value) : undefined
  }

  set(option: string, value: JsonNode): void {
    this.#members.set(option, { at: this.#members.get(option)?.at ?? value.at, value })
  }

  remove(option: string): void {
    this.#members.delete(option)
  }

  /** Gives an option another name. One that has that name already stays. */
  rename(from: string, to: string, convert: (value: JsonNode) => JsonNode = (value) => value): void {
    const member = this.#members.get(from)
    if (member === undefined) return
    if (!this.#members.has(to)) this.#members.set(to, { at: member.at, value: convert(member.value) })
    this.#members.delete(from)
  }

  /** Every text in the options replaced. */
  replaceTexts(replace: (text: string) => string): void {
    for (const [name, { at, value }] of this.#members) this.#members.set(name, { at, value: withTexts(value, replace) })
  }

  /** Says that an option is outdated: what it is called, and what stands for it now. */
  warn(option: string, instead: string): void {
    const at = this.#original.members.get(option)?.at ?? this.#location.at
    this.#reports.warn(inside(this.#location, at, option), `'${option}' is outdated: ${instead}`)
  }

  /** The options as they are now. */
  result(): JsonObjectNode {
    return { ...this.#original, members: this.#members }
  }
}

function withTexts(node: JsonNode, replace: (text: string) => string): JsonNode {
  switch (node.kind) {
    case 'text': {
      const value = replace(node.value)
      return value === node.value ? node : { ...node, value }
    }
    case 'array':
      return { ...node, items: node.items.map((item) => withTexts(item, replace)) }
    case 'object': {
      const members = [...node.members].map(([name, { at, value }]) => [name, { at, value: withTexts(value, replace) }] as const)
      return { ...node, members: new Map(members) }
    }
    default:
      return node
  }
}
