import * as v from 'valibot'

import type { ArtifactReference } from './image.ts'
import { isArtifactReference } from './image.ts'
import { nameHint } from './did-you-mean.ts'
import type { Duration } from './duration.ts'
import { isTooLong, parseDuration } from './duration.ts'
import { isImagoError, messageOf } from './error.ts'
import type { Facts, FromFacts } from './facts.ts'
import type { Issue } from './issue.ts'
import type { Secret } from './secret.ts'
import { isSecret } from './secret.ts'

/** Schemas for what options have in common. Packages build the schemas of their options from these and from valibot. */
export const duration: v.GenericSchema<unknown, Duration> = v.custom<Duration>(
  (value) => (typeof value === 'number' || typeof value === 'string') && parseDuration(value) !== undefined,
  ({ input }) => (isTooLong(input) ? 'must be 24 days at most' : "must be a duration, such as '10s', '1.5m' or a number of milliseconds"),
)
/** A string that is not empty. */
export const text: v.SchemaWithPipe<readonly [v.StringSchema<undefined>, v.NonEmptyAction<string, string>]> = v.pipe(
  v.string(),
  v.nonEmpty('must not be empty'),
)
/** A {@link Secret}. */
export const secretValue: v.GenericSchema<unknown, Secret> = v.custom<Secret>(isSecret, 'must be a secret')
/** A string or a {@link Secret}. */
export const textOrSecret: v.GenericSchema<unknown, string | Secret> = v.custom<string | Secret>(
  (value) => typeof value === 'string' || isSecret(value),
  'must be a string or a secret',
)
/** Environment variables, by name. */
export const environment: v.RecordSchema<v.GenericSchema<string>, typeof textOrSecret, undefined> = v.record(
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, (issue) => `'${issue.input}' is not a name of an environment variable`),
  ),
  textOrSecret,
)
/** Permission bits, such as 0o755. */
export const fileMode: v.GenericSchema<number> = v.pipe(
  v.number('must be a number such as 0o644'),
  v.integer('must be a whole number such as 0o644'),
  v.minValue(0, 'must be permission bits, 0 to 0o7777'),
  v.maxValue(0o7777, 'must be permission bits, 0 to 0o7777'),
)

/** Text that `parse` takes without an error; what it throws is the issue. */
export function parsed(parse: (value: string) => unknown): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      try {
        parse(dataset.value)
      } catch (error) {
        addIssue({ message: messageOf(error) + (isImagoError(error) && error.hint !== undefined ? ` (${error.hint})` : '') })
      }
    }),
  )
}

/** A schema for {@link FromFacts}: the value, or any function. */
export function fromFacts<T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, FromFacts<T>> {
  const computed = v.custom<(facts: Facts) => T>((value) => typeof value === 'function')
  return v.lazy((value): v.GenericSchema<unknown, FromFacts<T>> => (typeof value === 'function' ? computed : schema))
}

/** A schema for a reference to an artifact of one of these types. */
export function artifactReference(...types: readonly string[]): v.GenericSchema<unknown, ArtifactReference> {
  return v.custom<ArtifactReference>(
    (value) => isArtifactReference(value) && (value.makes.type === 'unknown' || types.includes(value.makes.type)),
    `must refer to an artifact of type ${types.join(' or ')}`,
  )
}

/**
 * Every problem that a schema finds, as issues. Use `v.strictObject` for options, so that unknown ones are reported with "did you mean".
 */
export function schemaIssues(schema: v.GenericSchema, value: unknown): Issue[] {
  const result = v.safeParse(schema, value)
  return result.success ? [] : result.issues.flatMap((issue) => toIssues(issue, schema, value))
}

function toIssues(issue: v.BaseIssue<unknown>, schema: v.GenericSchema, root: unknown, outer: Issue['path'] = []): Issue[] {
  const path = [...outer, ...(issue.path ?? []).map((item) => (typeof item.key === 'number' ? item.key : String(item.key)))]
  // of the alternatives of a union, those that got further than the first look have more to say
  const deeper = issue.issues?.filter((inner) => inner.path !== undefined) ?? []
  if (deeper.length > 0) return deeper.flatMap((inner) => toIssues(inner, schema, root, path))
  const name = path.at(-1)
  if (issue.type === 'strict_object' && issue.expected === 'never' && typeof name === 'string') {
    return [{ path, message: `unknown option '${name}'`, hint: nameHint(name, knownKeys(schema, path.slice(0, -1), root)) }]
  }
  if (issue.received === 'undefined') return [{ path, message: 'is required' }]
  const rule = issue.kind === 'schema' && issue.type !== 'custom' ? `must be ${withArticle(issue.expected)}` : issue.message
  const isAboutName = issue.path?.at(-1)?.origin === 'key'
  return [{ path, message: isAboutName ? rule : `${rule}, not ${shown(valueAt(root, path))}` }]
}

/** The keys that the objects at a path of the schema admit, for this value. */
function knownKeys(schema: unknown, path: readonly (string | number)[], value: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  if ('options' in schema && Array.isArray(schema.options)) return schema.options.flatMap((option) => knownKeys(option, path, value))
  if ('wrapped' in schema) return knownKeys(schema.wrapped, path, value)
  if ('getter' in schema && typeof schema.getter === 'function') return knownKeys(schema.getter(value), path, value)
  const [key, ...rest] = path
  if ('entries' in schema && typeof schema.entries === 'object' && schema.entries !== null) {
    return key === undefined ? Object.keys(schema.entries) : knownKeys(Reflect.get(schema.entries, key), rest, valueAt(value, [key]))
  }
  if (key === undefined) return []
  const member = valueAt(value, [key])
  if ('item' in schema) return knownKeys(schema.item, rest, member)
  return 'value' in schema ? knownKeys(schema.value, rest, member) : []
}

function withArticle(expected: string | null): string {
  if (expected === null) return 'something else'
  const plain = expected
    .replace(/^\((.*)\)$/, '$1')
    .replaceAll(' | ', ' or ')
    .replaceAll('"', "'")
  if (plain.includes(' or ') || !/^[A-Za-z]/.test(plain)) return plain
  return `${/^[AEIOaeio]/.test(plain) ? 'an' : 'a'} ${plain.toLowerCase()}`
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), root)
}

/** A wrong value as a message shows it; long ones are cut. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  const json = asJson(value)
  return json.length > 80 ? `${json.slice(0, 77)}...` : json
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member)) ?? typeof value
  } catch {
    return 'something that refers to itself'
  }
}
