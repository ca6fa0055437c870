import { apiError } from '../api-error.ts'
import type { Filter } from '../aws-sdk.ts'
import type { Resource } from './table.ts'

/** What a filter looks at: one value, several, or none. */
type FieldValue = string | number | boolean | Date | undefined

/** What a thing's filters look at, by their names. */
export type FilterFields<R> = Readonly<Record<string, (resource: R) => FieldValue | readonly FieldValue[]>>

/**
 * Keeps what passes all filters: each has a value that matches one of the filter's. `*` stands for any text and `?` for any character.
 * @throws ApiError `InvalidParameterValue` for a filter that the operation does not have
 */
export function applyFilters<R extends Resource>(
  resources: readonly R[],
  filters: readonly Filter[] | undefined,
  fields: FilterFields<R>,
): readonly R[] {
  const tests = (filters ?? []).map((filter) => filterTest(filter, fields))
  return resources.filter((resource) => tests.every((test) => test(resource)))
}

function filterTest<R extends Resource>(
  { Name: name = '', Values: values = [] }: Filter,
  fields: FilterFields<R>,
): (resource: R) => boolean {
  if (values.length === 0) throw apiError('InvalidParameterValue', `The filter '${name}' has no values`)
  const patterns = values.map(wildcard)
  const matches = (value: FieldValue): boolean => value !== undefined && patterns.some((pattern) => pattern.test(textOf(value)))
  if (name.startsWith('tag:')) return ({ tags }) => matches(tags.get(name.slice(4)))
  if (name === 'tag-key') return ({ tags }) => [...tags.keys()].some(matches)
  if (name === 'tag-value') return ({ tags }) => [...tags.values()].some(matches)
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined) throw apiError('InvalidParameterValue', `The filter '${name}' is invalid`)
  return (resource) => {
    const value = field(resource)
    return isList(value) ? value.some(matches) : matches(value)
  }
}

function isList(value: FieldValue | readonly FieldValue[]): value is readonly FieldValue[] {
  return Array.isArray(value)
}

function textOf(value: Exclude<FieldValue, undefined>): string {
  return value instanceof Date ? value.toISOString() : String(value)
}

/** A filter's value as a pattern; a backslash makes the next character stand for itself. */
function wildcard(value: string): RegExp {
  const source = value.replaceAll(/\\(.)|[*?]|[.+^${}()|[\]\\/-]/gs, (found, escaped?: string) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\/-]/, String.raw`\$&`)
    if (found === '*') return '.*'
    return found === '?' ? '.' : `\\${found}`
  })
  return new RegExp(`^${source}$`, 's')
}
