import type { NormalizedSchema } from '../aws-sdk.ts'

/** Writes the members of an answer as XML, by the schema of its operation. What is `undefined` is left out. */
export function encodeXml(schema: NormalizedSchema, value: unknown): string {
  return schema.isStructSchema() ? writeStruct(schema, value) : ''
}

/** An element with text. */
export function xmlElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

function writeStruct(schema: NormalizedSchema, value: unknown): string {
  const members = asRecord(value)
  let xml = ''
  for (const [name, member] of schema.structIterator()) {
    xml += writeMember(member.getMemberTraits().xmlName ?? name, member, members[name])
  }
  return xml
}

function writeMember(tag: string, schema: NormalizedSchema, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (schema.isListSchema()) {
    const item = schema.getValueSchema()
    const items: readonly unknown[] = Array.isArray(value) ? value : []
    if (schema.getMergedTraits().xmlFlattened !== undefined) return items.map((each) => writeMember(tag, item, each)).join('')
    const itemTag = item.getMergedTraits().xmlName ?? 'member'
    return `<${tag}>${items.map((each) => writeMember(itemTag, item, each)).join('')}</${tag}>`
  }
  if (schema.isMapSchema()) return writeMap(tag, schema, value)
  if (schema.isStructSchema()) return `<${tag}>${writeStruct(schema, value)}</${tag}>`
  return xmlElement(tag, scalarText(schema, value))
}

function writeMap(tag: string, schema: NormalizedSchema, value: unknown): string {
  const keyTag = schema.getKeySchema().getMergedTraits().xmlName ?? 'key'
  const valueSchema = schema.getValueSchema()
  const valueTag = valueSchema.getMergedTraits().xmlName ?? 'value'
  const entries = Object.entries(asRecord(value)).map(
    ([key, each]) => `${xmlElement(keyTag, key)}${writeMember(valueTag, valueSchema, each)}`,
  )
  if (schema.getMergedTraits().xmlFlattened !== undefined) return entries.map((entry) => `<${tag}>${entry}</${tag}>`).join('')
  return `<${tag}>${entries.map((entry) => `<entry>${entry}</entry>`).join('')}</${tag}>`
}

function scalarText(schema: NormalizedSchema, value: unknown): string {
  if (value instanceof Date) return schema.isStringSchema() ? value.toISOString() : timestampText(schema, value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return String(value)
}

/** Smithy's numbers for the formats of a time: 5 is RFC 3339, 6 is that of HTTP, 7 is seconds since 1970. */
function timestampText(schema: NormalizedSchema, value: Date): string {
  switch (schema.getSchema()) {
    case 6:
      return value.toUTCString()
    case 7:
      return String(value.getTime() / 1000)
    default:
      return value.toISOString()
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {} // an object has properties
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"\r]/g, (character) => entities[character] ?? character)
}
