/**
 * A value of the template language: whole numbers are bigints, so that they differ from fractions as Go's do. `undefined` is what a
 * map does not have; it prints as `<no value>`.
 */
export type GoValue = string | bigint | number | boolean | null | undefined | GoMap | readonly GoValue[]

/** Named values: what `.Name` looks into. */
export interface GoMap {
  readonly [name: string]: GoValue
}

/** Whether a condition holds: not for what is empty, zero, false or nothing. */
export function isTrue(value: GoValue): boolean {
  if (isGoList(value)) return value.length > 0
  if (isGoMap(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

/** Whether a value is a list. */
export function isGoList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value)
}

/** Whether a value has names. */
export function isGoMap(value: GoValue): value is GoMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What Go calls the type of a value. */
export function goTypeOf(value: GoValue): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    default:
      if (value === null || value === undefined) return 'nil'
      return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
  }
}

/** A value as an action prints it. */
export function goString(value: GoValue): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return goFloat(value)
    case 'undefined':
      return '<no value>'
    default:
      if (value === null) return '<nil>'
      if (isGoList(value)) return `[${value.map(goString).join(' ')}]`
      return isGoMap(value) ? `map[${sortedEntries(value)}]` : ''
  }
}

function sortedEntries(map: GoMap): string {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${name}:${goString(member)}`)
    .join(' ')
}

/** A fraction as Go prints it: the shortest digits, and an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const exponential = value.toExponential()
  const exponent = Number(exponential.slice(exponential.indexOf('e') + 1))
  if (exponent >= -4 && exponent < 6) return String(value)
  return exponential.replace(/e([+-])(\d)$/, 'e$10$2')
}
