import { containerConfigEntries, parseImageReference, parsePlatform } from '@imago/container-registry'
import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

const { artifactReference, fromFacts, parsed, text, textOrSecret } = optionSchema

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i, 'must be a SHA-256 in hex: 64 digits'))
const imageName = parsed(parseImageReference)
/** A name that an image can be given: a digest is what it has. */
const tag = parsed((name) => {
  if (parseImageReference(name).digest !== undefined) throw new Error('must not hold a digest')
})
const httpUrl = parsed((url) => {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new Error('must be an http or https address')
})
const word = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.+:~-]*$/, 'must be a name'))

const source = v.variant('kind', [
  v.strictObject({ kind: v.literal('scratch') }),
  v.strictObject({
    kind: v.literal('host-binaries'),
    commands: v.pipe(v.array(text), v.minLength(1, 'must hold a program')),
  }),
  v.strictObject({ kind: v.literal('tarball'), path: v.optional(text), url: v.optional(httpUrl), sha256: v.optional(sha256) }),
  v.strictObject({ kind: v.literal('oci-archive'), image: v.union([text, artifactReference('oci-archive')]) }),
  v.strictObject({
    kind: v.literal('registry'),
    image: imageName,
    insecure: v.optional(v.boolean()),
    login: v.optional(v.strictObject({ username: text, password: textOrSecret })),
  }),
  v.strictObject({
    kind: v.literal('debootstrap'),
    suite: word,
    include: v.optional(v.array(word)),
    mirror: v.optional(text),
    variant: v.optional(v.picklist(['minbase', 'buildd', 'standard'])),
  }),
])

const schema = v.strictObject({
  from: source,
  output: v.optional(fromFacts(text)),
  tag: v.optional(fromFacts(tag)),
  platform: v.optional(parsed(parsePlatform)),
  author: v.optional(text),
  compression: v.optional(v.picklist(['gzip', 'none'])),
  sourceDateEpoch: v.optional(
    v.pipe(v.number(), v.integer('must be whole seconds'), v.minValue(0), v.maxValue(253_402_300_799, 'must be before the year 10000')),
  ),
  ...containerConfigEntries,
})

/** Every problem of the options of `oci()`, at once. */
export function ociIssues(options: object): readonly Issue[] {
  const issues = optionSchema.schemaIssues(schema, options)
  return [...issues, ...tarballIssues('from' in options ? options.from : undefined)]
}

/** What the options of a tarball mean together, also where their types were not looked at. */
function tarballIssues(source: unknown): Issue[] {
  if (!has(source, 'kind') || source.kind !== 'tarball') return []
  const [path, url, checksum] = ['path', 'url', 'sha256'].map((name) => has(source, name))
  if (path && url) return [{ path: ['from', 'url'], message: "cannot stand beside 'path'", hint: 'take one of them' }]
  if (!path && !url) return [{ path: ['from', 'path'], message: 'is required', hint: "where the archive is: a 'path', or a 'url'" }]
  if (!url || checksum) return []
  return [{ path: ['from', 'sha256'], message: 'is required', hint: 'what comes from the network is checked' }]
}

function has<N extends string>(value: unknown, name: N): value is Readonly<Record<N, unknown>> {
  return typeof value === 'object' && value !== null && Reflect.get(value, name) !== undefined
}
