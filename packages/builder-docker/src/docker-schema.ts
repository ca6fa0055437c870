import type { ArtifactReference, Issue } from '@imago/core'
import { isArtifactReference, optionSchema } from '@imago/core'
import { containerConfigEntries, helperLoginEntries, parseImageReference, parsePlatform } from '@imago/container-registry'
import * as v from 'valibot'

const { text, environment, textOrSecret, artifactReference, parsed } = optionSchema

const texts = v.array(text)
const imageId = /^(?:sha256:)?[0-9a-f]{12,64}$/
const absolute = v.pipe(v.string(), v.startsWith('/', 'must be an absolute path'))

const imageName = parsed((name) => (imageId.test(name) ? name : parseImageReference(name)))
const image = v.lazy((value): v.GenericSchema<unknown, string | ArtifactReference> => {
  if (typeof value === 'string') return imageName
  return isArtifactReference(value)
    ? artifactReference('docker-image')
    : v.custom<string>(() => false, "must be an image's name, or artifactOf()")
})
const repository = parsed((name) => {
  const { tag } = parseImageReference(`${name}:x`)
  if (tag !== 'x') throw new Error('must not hold a tag')
})

const result = v.variant('type', [
  v.strictObject({
    type: v.literal('commit'),
    repository: v.optional(repository),
    tag: v.optional(v.pipe(v.string(), v.regex(/^\w[\w.-]{0,127}$/, 'must be a tag: letters, digits, dots, dashes, underscores'))),
    author: v.optional(v.string()),
    message: v.optional(v.string()),
    config: v.optional(v.strictObject(containerConfigEntries)),
    changes: v.optional(texts),
  }),
  v.strictObject({ type: v.literal('export'), path: text }),
  v.strictObject({ type: v.literal('discard') }),
])

const dockerSchema = v.strictObject({
  image: v.optional(image),
  dockerfile: v.optional(
    v.strictObject({
      path: text,
      context: v.optional(text),
      target: v.optional(text),
      args: v.optional(v.record(text, v.string())),
    }),
  ),
  pull: v.optional(v.picklist(['always', 'missing', 'never'])),
  platform: v.optional(parsed(parsePlatform)),
  login: v.optional(
    v.lazy((value) =>
      typeof value === 'object' && value !== null && 'helper' in value
        ? v.strictObject(helperLoginEntries)
        : v.strictObject({ username: text, password: textOrSecret }),
    ),
  ),
  engine: v.optional(v.strictObject({ host: v.optional(text), context: v.optional(text) })),
  volumes: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^[^:]+:\/[^:]*(?::[^:]+)?$/, "must be like 'host:/container' or 'host:/container:ro'"))),
  ),
  network: v.optional(text),
  privileged: v.optional(v.boolean()),
  capabilities: v.optional(v.strictObject({ add: v.optional(texts), drop: v.optional(texts) })),
  tmpfs: v.optional(v.array(absolute)),
  extraHosts: v.optional(v.record(text, text)),
  devices: v.optional(v.array(absolute)),
  memory: v.optional(
    v.union([
      v.pipe(v.number(), v.integer(), v.minValue(1)),
      v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?[kmg]$/, "must be bytes, or a size such as '512m' or '2g'")),
    ]),
  ),
  runtime: v.optional(text),
  init: v.optional(v.boolean()),
  hostname: v.optional(text),
  user: v.optional(text),
  workdir: v.optional(absolute),
  env: v.optional(environment),
  shell: v.optional(absolute),
  result: v.optional(result),
})

/** Every problem of the options of `docker()`, at once. */
export function dockerIssues(options: object): readonly Issue[] {
  return [...optionSchema.schemaIssues(dockerSchema, options), ...together(options)]
}

/** What options mean together, also where their types were not looked at. */
function together(options: {
  readonly image?: unknown
  readonly dockerfile?: unknown
  readonly engine?: unknown
  readonly result?: unknown
  readonly pull?: unknown
  readonly login?: unknown
}): Issue[] {
  const issues: Issue[] = []
  const starts = [options.image, options.dockerfile].filter((start) => start !== undefined).length
  if (starts === 0) issues.push({ path: ['image'], message: 'is required', hint: "where to start: image: 'debian:12', or a dockerfile" })
  if (starts === 2) issues.push({ path: ['dockerfile'], message: "cannot stand beside 'image'", hint: 'start from one of them' })
  if (options.dockerfile !== undefined && options.pull === 'never') {
    issues.push({
      path: ['pull'],
      message: "cannot be 'never' beside 'dockerfile'",
      hint: 'the engine fetches the base images that it lacks',
    })
  }
  if (options.dockerfile !== undefined && options.login !== undefined) {
    issues.push({
      path: ['login'],
      message: "cannot stand beside 'dockerfile'",
      hint: 'use `docker login` for the registries of its base images',
    })
  }
  if (options.dockerfile === undefined && options.login !== undefined && (isArtifactReference(options.image) || options.pull === 'never')) {
    const reason = options.pull === 'never' ? "pull: 'never'" : 'artifactOf()'
    issues.push({ path: ['login'], message: `has no use beside ${reason}`, hint: 'nothing is fetched from a registry: leave it out' })
  }
  if (has(options.engine, 'host') && has(options.engine, 'context')) {
    issues.push({ path: ['engine', 'context'], message: "cannot stand beside 'host'", hint: 'name the engine by one of them' })
  }
  if (has(options.result, 'tag') && !has(options.result, 'repository')) {
    issues.push({ path: ['result', 'tag'], message: "needs a 'repository' beside it" })
  }
  return issues
}

function has(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, name) !== undefined
}
