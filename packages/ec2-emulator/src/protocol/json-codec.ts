import { apiError } from '../api-error.ts'
import type { NormalizedSchema } from '../aws-sdk.ts'

/**
 * Reads the parameters of a request in JSON (awsJson1.1) by the schema of its operation. What the operation does not have is left out, as
 * Amazon does.
 * @throws ApiError `SerializationException`
 */
export function decodeJson(schema: NormalizedSchema, body: string): unknown {
  return fromJson(schema, parse(body))
}

function parse(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body)
  } catch {
    throw apiError('SerializationException', 'The request is not valid JSON')
  }
}

function fromJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (schema.isListSchema()) return Array.isArray(value) ? value.map((each: unknown) => fromJson(schema.getValueSchema(), each)) : []
  if (schema.isMapSchema()) return mapValues(value, (each) => fromJson(schema.getValueSchema(), each))
  if (schema.isStructSchema()) return structOf(schema, value, fromJson)
  if (schema.isTimestampSchema() && typeof value === 'number') return new Date(value * 1000)
  if (schema.isBlobSchema() && typeof value === 'string') return Uint8Array.from(Buffer.from(value, 'base64'))
  return value
}

/** Writes an answer as JSON. */
export function encodeJson(schema: NormalizedSchema, value: unknown): string {
  return JSON.stringify(toJson(schema, value) ?? {})
}

function toJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return undefined
  if (schema.isListSchema()) return Array.isArray(value) ? value.map((each: unknown) => toJson(schema.getValueSchema(), each)) : []
  if (schema.isMapSchema()) return mapValues(value, (each) => toJson(schema.getValueSchema(), each))
  if (schema.isStructSchema()) return structOf(schema, value, toJson)
  if (value instanceof Date) return value.getTime() / 1000
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}

function structOf(schema: NormalizedSchema, value: unknown, convert: (member: NormalizedSchema, value: unknown) => unknown): unknown {
  const members = asRecord(value)
  const struct: Record<string, unknown> = {}
  for (const [name, member] of schema.structIterator()) {
    const converted = convert(member, members[name])
    if (converted !== undefined) struct[name] = converted
  }
  return struct
}

function mapValues(value: unknown, convert: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([key, each]) => [key, convert(each)]))
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {} // an object has properties
}
