import type { Json } from '@imago/core'

/** JSON as lines for a comment. */
export function jsonLines(value: Json): readonly string[] {
  const flat = JSON.stringify(value)
  return flat.length <= 60 ? [flat] : JSON.stringify(value, undefined, 2).split('\n')
}
