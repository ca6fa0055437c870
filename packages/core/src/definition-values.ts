import { createHash } from 'node:crypto'

import type { ArtifactReference } from './image.ts'
import { isArtifactReference } from './image.ts'
import type { Json } from './json.ts'
import type { Secret } from './secret.ts'
import { isSecret, reveal } from './secret.ts'

/** An option's value as the plan shows it: plain JSON, with a marker in the place of what is none. */
export function plainValue(value: unknown, around: readonly object[] = []): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'function') return { $computed: true }
  if (typeof value === 'bigint' || typeof value === 'symbol' || value === undefined) return String(value)
  if (isSecret(value)) return { $secret: true }
  if (isArtifactReference(value)) return { $artifactOf: `${value.image.name}.${value.build}` }
  if (value instanceof Uint8Array) return { $bytes: value.length, sha256: createHash('sha256').update(value).digest('hex') }
  if (value instanceof Date || value instanceof URL) return value.toJSON()
  if (value instanceof RegExp) return String(value)
  if (around.includes(value)) return { $circular: true }
  const inside = [...around, value]
  if (Array.isArray(value)) return value.map((item) => plainValue(item, inside))
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.map(([name, member]) => [name, plainValue(member, inside)]))
}

/** The references to other images' artifacts in a component's options. */
export function referencesIn(options: unknown): ArtifactReference[] {
  return [...leaves(options)].filter(isArtifactReference)
}

/** The values of the secrets in a component's options. */
export function secretsIn(options: unknown): string[] {
  return [...leaves(options)].filter((leaf): leaf is Secret => isSecret(leaf)).map(reveal)
}

/** Everything in a value that is not a plain object or an array. */
function* leaves(value: unknown, seen: Set<object> = new Set()): Generator {
  if (typeof value !== 'object' || value === null || isSecret(value) || isArtifactReference(value) || value instanceof Uint8Array) {
    yield value
    return
  }
  if (seen.has(value)) return
  seen.add(value)
  for (const member of Object.values(value)) yield* leaves(member, seen)
}
