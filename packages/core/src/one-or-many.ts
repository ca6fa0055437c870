/** One thing or a list of them, as a list. */
export function listOf<T>(oneOrMany: T | readonly T[]): readonly T[] {
  return isList(oneOrMany) ? oneOrMany : [oneOrMany]
}

function isList<T>(oneOrMany: T | readonly T[]): oneOrMany is readonly T[] {
  return Array.isArray(oneOrMany)
}
