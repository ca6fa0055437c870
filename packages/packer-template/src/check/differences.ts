import type { Issue, Json } from '@imago/core'
import { formatPath } from '@imago/core'

/** Where two values differ, and how; nothing when they are the same. */
export function differences(left: Json, right: Json, path: Issue['path'] = []): readonly string[] {
  if (isObject(left) && isObject(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
    return names.flatMap((name) => differences(left[name] ?? null, right[name] ?? null, [...path, name]))
  }
  if (isList(left) && isList(right)) {
    const length = Math.max(left.length, right.length)
    return Array.from({ length }, (_, index) => differences(left[index] ?? null, right[index] ?? null, [...path, index])).flat()
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [`${formatPath(path)}: ${JSON.stringify(left)} and ${JSON.stringify(right)}`]
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value)
}
