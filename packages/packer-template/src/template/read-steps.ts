import { fixComponent, renamedBuilders } from '../fix/fix-component.ts'
import type { JsonNode, JsonObjectNode } from '../json/json-node.ts'
import { describeNode, jsonNodeAt } from '../json/json-node.ts'
import type { Location, Reports } from '../reports.ts'
import { inside } from '../reports.ts'
import { Fields } from './fields.ts'
import type { PostProcessorConfig, ProvisionerConfig, ScopeConfig } from './template.ts'

const provisionerKeys = ['type', 'only', 'except', 'override', 'pause_before', 'timeout', 'max_retries'] as const
const postProcessorKeys = ['type', 'name', 'only', 'except', 'keep_input_artifact'] as const

/** What reading a step needs to know of the rest. */
export interface StepReading {
  /** The names of the builders. */
  readonly builders: readonly string[]
  readonly reports: Reports
}

/** A provisioner, or `undefined` when it is none. */
export function readProvisioner(node: JsonNode, location: Location, reading: StepReading): ProvisionerConfig | undefined {
  const { reports } = reading
  const object = asComponent(node, location, reports)
  if (object === undefined) return undefined
  const fields = new Fields(fixComponent('provisioner', object, location, reports), location, reports)
  const type = typeOf(fields, reports)
  if (type === undefined) return undefined
  const options = fields.others(provisionerKeys)
  if (type === 'breakpoint') {
    leaveOutBreakpoint(options, location, reports)
    return undefined
  }
  const pauseBefore = fields.node('pause_before')
  const timeout = fields.node('timeout')
  const maxRetries = fields.node('max_retries')
  return {
    ...location,
    type,
    ...readScope(fields, { ...reading, mayBeText: true }),
    override: readOverride(fields, reading),
    options,
    ...(pauseBefore !== undefined && { pauseBefore }),
    ...(timeout !== undefined && { timeout }),
    ...(maxRetries !== undefined && { maxRetries }),
  }
}

/** A stop for whoever sits before the terminal adds nothing to an image, and there is a better way to look into a machine. */
function leaveOutBreakpoint(options: JsonObjectNode, location: Location, reports: Reports): void {
  const known = ['note', 'disable']
  const fields = new Fields(options, location, reports)
  for (const [name, { at }] of options.members) if (!known.includes(name)) fields.unknown(name, at, known, 'option')
  const disable = fields.node('disable')
  const isDisabled = disable !== undefined && 'value' in disable && String(disable.value) === 'true'
  if (isDisabled) return
  reports.warn(location, "'breakpoint' is left out: 'imago shell' with '--after' opens a shell in the machine as it is after a step")
}

/** The chains of post-processors: each item is one, or a sequence. */
export function readPostProcessors(
  items: readonly JsonNode[],
  location: Location,
  reading: StepReading,
): readonly (readonly PostProcessorConfig[])[] {
  return items.flatMap((item, index) => {
    const here = inside(location, item.at, index)
    const chain =
      item.kind === 'array'
        ? item.items.flatMap((step, place) => readPostProcessor(step, inside(here, step.at, place), reading))
        : readPostProcessor(item, here, reading)
    return chain.length === 0 ? [] : [chain]
  })
}

function readPostProcessor(node: JsonNode, location: Location, reading: StepReading): PostProcessorConfig[] {
  const { reports } = reading
  if (node.kind === 'array') {
    reports.problem(location, 'a sequence cannot stand in a sequence')
    return []
  }
  // A name alone stands for a post-processor without options.
  const object = node.kind === 'text' ? jsonNodeAt(node.at, { type: node.value }) : node
  const component = asComponent(object, location, reports)
  if (component === undefined) return []
  const fields = new Fields(fixComponent('post-processor', component, location, reports), location, reports)
  const type = typeOf(fields, reports)
  if (type === undefined) return []
  const name = fields.text('name')
  const keepInputArtifact = fields.flag('keep_input_artifact')
  return [
    {
      ...location,
      type,
      ...readScope(fields, { ...reading, mayBeText: false }),
      options: fields.others(postProcessorKeys),
      ...(name !== undefined && { name }),
      ...(keepInputArtifact !== undefined && { keepInputArtifact }),
    },
  ]
}

/** The object of a component. */
export function asComponent(node: JsonNode, location: Location, reports: Reports): JsonObjectNode | undefined {
  if (node.kind === 'object') return node
  reports.problem(location, `must be an object, not ${describeNode(node)}`)
  return undefined
}

/** The type of a component; without one it is nothing. */
export function typeOf(fields: Fields, reports: Reports): string | undefined {
  const type = fields.text('type')
  if (type !== undefined && type.value !== '') return type.value
  if (fields.get('type') === undefined || type?.value === '') reports.problem(fields.location, "'type' is missing")
  return undefined
}

interface ScopeReading extends StepReading {
  /** Packer takes the names of builders as a text for provisioners, and not for post-processors. */
  readonly mayBeText: boolean
}

function readScope(fields: Fields, reading: ScopeReading): ScopeConfig {
  const only = readNames('only', fields, reading)
  const except = readNames('except', fields, reading)
  if (only !== undefined && except !== undefined) reading.reports.problem(fields.location, "'only' and 'except' exclude each other")
  return { ...(only !== undefined && { only }), ...(except !== undefined && { except }) }
}

/** No name at all is as if the list were not there. */
function readNames(option: 'only' | 'except', fields: Fields, { builders, mayBeText }: ScopeReading): readonly string[] | undefined {
  const names = fields.names(option, { mayBeText })?.map((name) => currentName(name, builders))
  const at = fields.get(option)?.at
  if (names === undefined || at === undefined || names.length === 0) return undefined
  for (const name of names.filter((each) => !builders.includes(each))) {
    fields.unknown(name, at, builders, 'builder')
  }
  return names
}

function readOverride(fields: Fields, { builders, reports }: StepReading): ReadonlyMap<string, JsonObjectNode> {
  const override = fields.object('override')
  if (override === undefined) return new Map()
  const where = inside(fields.location, override.at, 'override')
  return new Map(
    [...override.members].flatMap(([name, { at, value }]) => {
      const build = currentName(name, builders)
      const here = inside(where, at, name)
      if (!builders.includes(build)) new Fields(override, where, reports).unknown(name, at, builders, 'builder')
      const object = asComponent(value, here, reports)
      return object === undefined ? [] : [[build, object] as const]
    }),
  )
}

/** A name may be that of a type of builders that has got another one. */
function currentName(name: string, builders: readonly string[]): string {
  const renamed = renamedBuilders.get(name)
  return renamed !== undefined && !builders.includes(name) && builders.includes(renamed) ? renamed : name
}
