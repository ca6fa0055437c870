import type { JsonNode } from '../json/json-node.ts'
import { jsonNodeAt } from '../json/json-node.ts'
import type { ComponentKind, Draft } from './draft.ts'

/** An outdated spelling, and what stands for it. */
export interface Fix {
  /** The name under which `packer fix` lists it. */
  readonly name: string
  readonly kind: ComponentKind
  /** Types of components that have it. @default all */
  readonly types?: RegExp
  apply(draft: Draft): void
}

/** Where a fix applies. */
interface FixScope {
  readonly name: string
  readonly kind?: ComponentKind
  readonly types?: RegExp
}

/** An option that has got another name. */
export function renamed({ name, kind = 'builder', ...scope }: FixScope, from: string, to: string): Fix {
  return {
    name,
    kind,
    ...scope,
    apply(draft) {
      if (draft.get(from) === undefined) return
      draft.warn(from, `it is called '${to}' now`)
      draft.rename(from, to)
    },
  }
}

/** An option that means nothing any more. */
export function removed({ name, kind = 'builder', ...scope }: FixScope, option: string): Fix {
  return {
    name,
    kind,
    ...scope,
    apply(draft) {
      if (draft.get(option) === undefined) return
      draft.warn(option, 'it means nothing any more')
      draft.remove(option)
    },
  }
}

/** A type that has got another name. */
export function renamedType(name: string, from: string, to: string): Fix {
  return {
    name,
    kind: 'builder',
    types: new RegExp(`^${from}$`),
    apply(draft) {
      const type = draft.get('type')
      if (type === undefined) return
      draft.warn('type', `the builder '${from}' is called '${to}' now`)
      draft.set('type', jsonNodeAt(type.at, to))
    },
  }
}

/** Whether an option says yes: `true`, or a text that means it. */
export function saysYes(value: JsonNode | undefined): boolean {
  if (value?.kind === 'plain') return value.value === true || (typeof value.value === 'number' && value.value !== 0)
  return value?.kind === 'text' && ['1', 't', 'true'].includes(value.value.toLowerCase())
}
