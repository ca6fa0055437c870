/*
 * What the specifications demand of a statement of provenance, written from them:
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, …/resource_descriptor.md, …/digest_set.md, …/field_types.md and
 * https://slsa.dev/spec/v1.0/provenance.
 */

/** Says what is wrong with a value at a path. */
type Check = (value: unknown, path: string) => readonly string[]

const text: Check = (value, path) => (typeof value === 'string' && value !== '' ? [] : [`${path}: no text`])
const exactly =
  (wanted: string): Check =>
  (value, path) =>
    value === wanted ? [] : [`${path}: not ${wanted}`]
/** RFC 3986: a scheme, and nothing that would have to be encoded. */
const uri: Check = (value, path) =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/.test(value) ? [] : [`${path}: no URI`]
/** RFC 3339, in UTC. */
const timestamp: Check = (value, path) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value))
    ? []
    : [`${path}: no time`]
const json: Check = (value, path) =>
  JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value) ? [] : [`${path}: no JSON`]

const listOf =
  (each: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? value.flatMap((item, index) => each(item, `${path}.${index}`)) : [`${path}: no list`]

const mapOf =
  (each: Check): Check =>
  (value, path) =>
    isObject(value) ? Object.entries(value).flatMap(([key, member]) => each(member, `${path}.${key}`)) : [`${path}: no object`]

/** An object with these members and no others; a name with `?` may be missing. */
const object =
  (members: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isObject(value)) return [`${path}: no object`]
    const known = Object.entries(members).map(([name, check]) => ({ name: name.replace('?', ''), isOptional: name.endsWith('?'), check }))
    const strange = Object.keys(value).filter((name) => !known.some((one) => one.name === name))
    return [
      ...strange.map((name) => `${path}.${name}: there is no such member`),
      ...known.flatMap(({ name, isOptional, check }) =>
        isOptional && value[name] === undefined ? [] : check(value[name], `${path}.${name}`),
      ),
    ]
  }

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const lengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128, dirHash: 64 }
const digestSet: Check = (value, path) => {
  if (!isObject(value) || Object.keys(value).length === 0) return [`${path}: no digests`]
  return Object.entries(value).flatMap(([algorithm, digest]) => {
    const length = lengths[algorithm]
    if (length === undefined) return text(digest, `${path}.${algorithm}`)
    return typeof digest === 'string' && new RegExp(`^[0-9a-f]{${length}}$`).test(digest) ? [] : [`${path}.${algorithm}: no digest`]
  })
}

const members = {
  'name?': text,
  'uri?': uri,
  'digest?': digestSet,
  'downloadLocation?': uri,
  'mediaType?': text,
  'annotations?': mapOf(json),
}
const descriptor: Check = (value, path) => [
  ...object(members)(value, path),
  ...(isObject(value) && value['uri'] === undefined && value['digest'] === undefined ? [`${path}: neither uri nor digest`] : []),
]
const subjects: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) return [`${path}: no subjects`]
  const names = value.map((each: unknown) => (isObject(each) ? each['name'] : undefined))
  return [
    ...listOf(object({ ...members, digest: digestSet }))(value, path),
    ...(new Set(names).size < names.length ? [`${path}: names that are not unique`] : []),
  ]
}

const statement = object({
  _type: exactly('https://in-toto.io/Statement/v1'),
  subject: subjects,
  predicateType: exactly('https://slsa.dev/provenance/v1'),
  predicate: object({
    buildDefinition: object({
      buildType: uri,
      externalParameters: mapOf(json),
      'internalParameters?': mapOf(json),
      'resolvedDependencies?': listOf(descriptor),
    }),
    runDetails: object({
      builder: object({ id: uri, 'builderDependencies?': listOf(descriptor), 'version?': mapOf(text) }),
      'metadata?': object({ 'invocationId?': text, 'startedOn?': timestamp, 'finishedOn?': timestamp }),
      'byproducts?': listOf(descriptor),
    }),
  }),
})

/** Where a statement is not what the specifications say. */
export function specIssues(value: unknown): readonly string[] {
  return statement(value, 'statement')
}
