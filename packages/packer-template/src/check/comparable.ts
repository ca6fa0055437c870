import type { Image, Json } from '@imago/core'
import { isSecret, reveal } from '@imago/core'

/** Facts for functions of options, and what `wrap` and `command` get: each value is unlike any other. */
function sample(build: string, builderType: string): Readonly<Record<string, unknown>> {
  const facts = {
    buildName: build,
    builderType,
    runId: 'run-id',
    image: 'image-name',
    host: 'a-host',
    port: 2222,
    user: 'a-user',
    httpUrl: 'http://192.0.2.7:8080/token',
    sourceImage: 'source-image',
    sourceImageName: 'source-image-name',
    sourceImageOwner: 'source-image-owner',
    machineId: 'machine-id',
    vm: 'a-machine',
    virtualBoxVersion: '7.0.20',
    winrmPassword: 'a-password',
  }
  return { ...facts, facts, argv: ['a-program', 'an-argument'], line: 'a-program an-argument', path: 'C:\\a-script' }
}

/** What an image definition says, for comparisons: functions are called, and what is random is left out. */
export function comparable(image: Image): Json {
  const [build = 'a-build', builder] = Object.entries(image.builders)[0] ?? []
  const values = sample(build, builder?.type ?? 'a-type')
  const step = ({ type, options, ...rest }: { readonly type: string; readonly options: object }): Json => ({
    type,
    options: plain(options, values),
    ...common(rest, values),
  })
  return {
    name: image.name,
    description: image.description ?? null,
    builders: Object.fromEntries(Object.entries(image.builders).map(([name, each]) => [name, step(each)])),
    provisioners: image.provisioners.map(step),
    errorCleanup: image.errorCleanup.map(step),
    postProcessors: image.postProcessors.map((chain) => chain.map(step)),
    secrets: plain(image.secrets ?? [], values),
  }
}

const commonNames = [
  'name',
  'only',
  'except',
  'pauseBefore',
  'timeout',
  'retry',
  'continueOnError',
  'expectDisconnect',
  'keepInputArtifact',
]

function common(step: object, values: Readonly<Record<string, unknown>>): Record<string, Json> {
  const entries = Object.entries(step).filter(([name, value]) => commonNames.includes(name) && value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value, values)]))
}

function plain(value: unknown, values: Readonly<Record<string, unknown>>): Json {
  if (typeof value === 'function') return { computed: plain(Reflect.apply(value, undefined, [values]), values) }
  if (isSecret(value)) return { secret: withoutChance(reveal(value)) }
  if (typeof value === 'string') return withoutChance(value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => plain(item, values))
  if (typeof value !== 'object') return null
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, plain(member, values)]))
}

/** What `{{uuid}}` makes is another one each time. */
function withoutChance(text: string): string {
  return text.replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, '<uuid>')
}
