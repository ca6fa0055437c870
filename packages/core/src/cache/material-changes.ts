import type { Json, JsonObject } from '../json.ts'

/** Longer values are cut. */
const maxLength = 40

/** What differs between two materials, for people: `options.env.PORT: "80" → "8080"`. */
export function materialChanges(before: Json | undefined, now: Json | undefined, path = ''): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(now)) return []
  if (isInput(before) && isInput(now)) return [`${now.name}: ${before.digest.slice(0, 12)} → ${now.digest.slice(0, 12)}`]
  if (isSecretMark(before) && isSecretMark(now)) return [`${path}: another secret`]
  if (isObject(before) && isObject(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return names.flatMap((name) => materialChanges(before[name], now[name], path === '' ? name : `${path}.${name}`))
  }
  if (isList(before) && isList(now) && before.length === now.length) {
    return now.flatMap((item, index) => materialChanges(before[index], item, `${path}[${index}]`))
  }
  return [`${path}: ${written(before)} → ${written(now)}`]
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSecretMark(value: Json | undefined): boolean {
  return isObject(value) && value['$secret'] !== undefined
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function isInput(value: Json | undefined): value is { readonly name: string; readonly digest: string; readonly at: Json } {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['digest'] === 'string' && Array.isArray(value['at'])
}

function written(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (isSecretMark(value)) return '<secret>'
  const text = JSON.stringify(value)
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
}
