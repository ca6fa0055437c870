import type { StandardSchemaV1 } from '@standard-schema/spec'

import { nameHint } from './did-you-mean.ts'
import { formatIssues, ImagoError } from './error.ts'
import type { Image } from './image.ts'
import type { Issue } from './issue.ts'
import type { Json } from './json.ts'
import type { Builders } from './wiring.ts'

/** An image definition with parameters. */
export interface ParameterizedImage<B extends Builders = Builders, S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly kind: 'parameterized-image'
  readonly schema: S
  /**
   * The image for these values, which the schema checks and completes.
   * @throws ImagoError `PARAMETER_INVALID` with every problem.
   */
  with(values: StandardSchemaV1.InferInput<S>): Promise<Image<B>>
}

/** Where the command line's values come from; the first that has a name wins. */
export interface ParameterSources {
  /** `--var name=value` */
  readonly vars?: Readonly<Record<string, string>>
  /** `--var-file`; of two files that have a name, the later one wins. Values may be of any JSON type. */
  readonly files?: readonly { readonly path: string; readonly values: Readonly<Record<string, Json>> }[]
  /** `IMAGO_VAR_name`, without the prefix. Names that the schema does not know are no error here. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Gives an image definition parameters, checked by any Standard Schema (zod, valibot, arktype; https://standardschema.dev).
 * @example
 * export default parameterized(z.object({ version: z.string() }), (p) => defineImage({ name: `cow-${p.version}`, … }))
 */
export function parameterized<B extends Builders, S extends StandardSchemaV1>(
  schema: S,
  define: (parameters: StandardSchemaV1.InferOutput<S>) => Image<B>,
): ParameterizedImage<B, S> {
  return Object.freeze({
    kind: 'parameterized-image',
    schema,
    with: async (values: StandardSchemaV1.InferInput<S>) => {
      const result = await schema['~standard'].validate(values)
      if (result.issues !== undefined) throw parameterError(result.issues.map((issue) => toIssue(issue)))
      return define(result.value)
    },
  })
}

/** Whether a value is a {@link ParameterizedImage}. */
export function isParameterized(value: unknown): value is ParameterizedImage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'parameterized-image'
}

/**
 * The image for values that come as text. A value that the schema refuses as text is tried as JSON (`--var count=3`).
 * @throws ImagoError `PARAMETER_INVALID` with every problem: unknown names with "did you mean", and whatever the schema says.
 */
export async function resolveParameters(image: ParameterizedImage, sources: ParameterSources): Promise<Image> {
  const fromEnvironment = sources.environment ?? {}
  const named = [
    ...(sources.files ?? []).map(({ path, values }) => ({ where: path, values })),
    { where: '--var', values: sources.vars ?? {} },
  ]
  const asText: Readonly<Record<string, Json>> = Object.fromEntries(
    [fromEnvironment, ...named.map(({ values }) => values)].flatMap((values) => Object.entries<Json>(values)),
  )
  const inFiles = new Set((sources.files ?? []).flatMap(({ values }) => Object.keys(values)))
  const texts = new Set([...Object.keys(fromEnvironment).filter((name) => !inFiles.has(name)), ...Object.keys(sources.vars ?? {})])
  const values = await asSchemaWants(image.schema, asText, texts)
  const known = await knownNames(image.schema, values)
  const unknown = named.flatMap(({ where, values: given }) => Object.keys(given).flatMap((name) => unknownName(name, where, known)))
  const passed = Object.fromEntries(Object.entries(values).filter(([name]) => known === undefined || known.includes(name)))
  const result = await image.schema['~standard'].validate(passed)
  const wrong = (result.issues ?? []).map((issue) => toIssue(issue, passed))
  if (unknown.length + wrong.length > 0) throw parameterError([...unknown, ...wrong])
  return image.with(passed)
}

function unknownName(name: string, where: string, known: readonly string[] | undefined): Issue[] {
  if (known === undefined || known.includes(name)) return []
  return [{ path: [name], message: `there is no parameter '${name}' (from ${where})`, hint: nameHint(name, known) }]
}

/** Replaces texts that the schema refuses by the JSON that they hold, where they hold some that it accepts. */
async function asSchemaWants(
  schema: StandardSchemaV1,
  values: Readonly<Record<string, Json>>,
  texts: ReadonlySet<string>,
): Promise<Readonly<Record<string, Json>>> {
  const refused = async (candidate: Readonly<Record<string, Json>>): Promise<Set<string>> => {
    const { issues } = await schema['~standard'].validate(candidate)
    return new Set((issues ?? []).map((issue) => String(pathOf(issue)[0])))
  }
  const before = await refused(values)
  const parsed = [...before].flatMap((name) => {
    const value = parseJson(texts.has(name) ? values[name] : undefined)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (parsed.length === 0) return values
  const candidate = { ...values, ...Object.fromEntries(parsed) }
  const after = await refused(candidate)
  return { ...values, ...Object.fromEntries(parsed.filter(([name]) => !after.has(name))) }
}

function parseJson(text: Json | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text) as Json // JSON.parse gives nothing else
  } catch {
    return undefined
  }
}

/**
 * The names that an object schema knows: from its JSON Schema where it offers one (https://standardschema.dev/json-schema), from `shape`
 * or `entries`, as zod's and valibot's objects have them, else from the values that it lets pass.
 */
async function knownNames(schema: StandardSchemaV1, values: Readonly<Record<string, Json>>): Promise<readonly string[] | undefined> {
  const declared = jsonSchemaProperties(schema) ?? members(schema, 'shape') ?? members(schema, 'entries')
  if (declared !== undefined) return declared
  const result = await schema['~standard'].validate(values)
  return result.issues === undefined && typeof result.value === 'object' && result.value !== null ? Object.keys(result.value) : undefined
}

function jsonSchemaProperties(schema: StandardSchemaV1): readonly string[] | undefined {
  const standard: object = schema['~standard']
  const jsonSchema: unknown = Reflect.get(standard, 'jsonSchema')
  if (typeof jsonSchema !== 'object' || jsonSchema === null || !('input' in jsonSchema) || typeof jsonSchema.input !== 'function')
    return undefined
  try {
    const described: unknown = jsonSchema.input({ target: 'draft-2020-12' })
    return members(described, 'properties')
  } catch {
    return undefined // the schema holds something that JSON Schema cannot express
  }
}

function members(holder: unknown, member: string): readonly string[] | undefined {
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return undefined
  const value: unknown = Reflect.get(holder, member)
  return typeof value === 'object' && value !== null ? Object.keys(value) : undefined
}

function pathOf(issue: StandardSchemaV1.Issue): (string | number)[] {
  return (issue.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? key : String(key)
  })
}

function toIssue(issue: StandardSchemaV1.Issue, values: Readonly<Record<string, Json>> = {}): Issue {
  const path = pathOf(issue)
  const [name] = path
  const missing = path.length === 1 && name !== undefined && !Object.hasOwn(values, name)
  return { path, message: issue.message, ...(missing && { hint: `give it with --var ${name}=…` }) }
}

function parameterError(issues: readonly Issue[]): ImagoError {
  return new ImagoError(
    'PARAMETER_INVALID',
    `${issues.length === 1 ? 'a parameter is' : `${issues.length} parameters are`} wrong:\n${formatIssues(issues)}`,
    { issues },
  )
}
