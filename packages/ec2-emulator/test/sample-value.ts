import type { NormalizedSchema } from '@smithy/core/schema'

/** How deep structures are filled that hold themselves. */
const maxDepth = 12

/** A value of a schema with every member filled in, each with something else. */
export function sampleValue(schema: NormalizedSchema, seed: { next: number } = { next: 1 }, open: readonly unknown[] = []): unknown {
  const number = seed.next++
  if (schema.isUnitSchema()) return {}
  if (schema.isListSchema()) {
    const items = [0, 1].map(() => sampleValue(schema.getValueSchema(), seed, open))
    return items.filter((item) => item !== undefined)
  }
  if (schema.isMapSchema()) {
    return Object.fromEntries(['a', 'b'].map((key) => [`${key}${number}`, sampleValue(schema.getValueSchema(), seed, open)]))
  }
  if (schema.isStructSchema()) return sampleStruct(schema, seed, open)
  if (schema.isBooleanSchema()) return true
  if (schema.isNumericSchema()) return number
  if (schema.isTimestampSchema()) return new Date(Date.UTC(2026, 10, 22, 0, 0, number % 60))
  if (schema.isBlobSchema()) return Uint8Array.from(Buffer.from(`bytes ${number}`))
  return `text <&> "${number}"`
}

function sampleStruct(schema: NormalizedSchema, seed: { next: number }, open: readonly unknown[]): unknown {
  const inner = schema.getSchema()
  if (open.includes(inner) || open.length > maxDepth) return undefined
  const value: Record<string, unknown> = {}
  for (const [name, member] of schema.structIterator()) {
    const sample = sampleValue(member, seed, [...open, inner])
    if (sample !== undefined) value[name] = sample
    if (schema.isUnionSchema()) break
  }
  return value
}
