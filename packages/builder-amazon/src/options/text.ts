import type { FromFacts, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** Tags; a value may be made of the facts of the build: `{ Base: (facts) => facts.sourceImage ?? '' }`. */
export type TagOptions = Readonly<Record<string, FromFacts<string>>>

/** A whole number between two. */
export function wholeNumber(from: number, to: number = Number.MAX_SAFE_INTEGER): v.GenericSchema<unknown, number> {
  const range = to === Number.MAX_SAFE_INTEGER ? `${from} or more` : `${from} to ${to}`
  return v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(from, `must be ${range}`), v.maxValue(to, `must be ${range}`))
}

/** An id of AWS: `ami-0123456789abcdef0`. */
export function idOf(prefix: string): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(), v.regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `must be an id such as '${prefix}-0123456789abcdef0'`))
}

const tagKey = v.pipe(
  v.string(),
  v.minLength(1, 'the key of a tag must not be empty'),
  v.maxLength(128, (issue) => `the key '${issue.input.slice(0, 20)}…' is longer than the 128 characters that AWS allows`),
  v.check(
    (key) => !/^aws:/i.test(key),
    (issue) => `the key '${issue.input}' begins with 'aws:', which AWS keeps for itself`,
  ),
  v.check(
    (key) => !key.startsWith('imago.'),
    (issue) => `the key '${issue.input}' begins with 'imago.', which marks what a build owns`,
  ),
)
const tagValue = v.pipe(v.string(), v.maxLength(256, 'must be 256 characters at most'))

/** AWS allows 50 tags for each thing; this many are ours. */
export const ownTags = 8

/** The schema of {@link TagOptions}. */
export const tagsSchema: v.GenericSchema<unknown, TagOptions> = v.pipe(
  v.record(tagKey, optionSchema.fromFacts<string>(tagValue)),
  v.check(
    (tags) => Object.keys(tags).length <= 50 - ownTags,
    `must hold ${50 - ownTags} tags at most: AWS allows 50, and builds add their own`,
  ),
)

/** A filter of AWS: what to look at, and which values fit; `*` and `?` stand for anything. */
export type FilterOptions = Readonly<Record<string, string | readonly string[]>>

/** The schema of {@link FilterOptions}. */
export const filtersSchema: v.GenericSchema<unknown, FilterOptions> = v.pipe(
  v.record(optionSchema.text, v.union([optionSchema.text, v.pipe(v.array(optionSchema.text), v.minLength(1, 'must hold a value'))])),
  v.check((filters) => Object.keys(filters).length > 0, 'must hold a filter'),
)

/** Filters as requests hold them. */
export function filterList(filters: FilterOptions): { Name: string; Values: string[] }[] {
  return Object.entries(filters).map(([Name, values]) => ({ Name, Values: typeof values === 'string' ? [values] : [...values] }))
}

/** What cannot stand beside each other. */
export function exclusive(holder: object | undefined, path: Issue['path'], first: string, ...others: readonly string[]): Issue[] {
  if (typeof holder !== 'object' || Reflect.get(holder, first) === undefined) return []
  return others
    .filter((other) => Reflect.get(holder, other) !== undefined)
    .map((other) => ({ path: [...path, other], message: `cannot stand beside '${first}'` }))
}
