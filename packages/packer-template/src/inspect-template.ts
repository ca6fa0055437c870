import type { ChainModel, ModelComponent, StepModel } from './image/image-model.ts'
import { isMapped } from './image/image-model.ts'
import { modelOf } from './convert-template.ts'
import type { TemplateFile, TemplateOptions } from './load-template.ts'
import { readWithVariables } from './load-template.ts'
import { valueOf } from './mapping/known.ts'
import type { Problem } from './problem.ts'
import { inFileOrder } from './problem.ts'

/** What a template has in it. Plain JSON, apart from the places of the warnings. */
export interface TemplateInspection {
  readonly name: string
  readonly description?: string
  readonly variables: readonly InspectedVariable[]
  readonly builds: readonly InspectedBuild[]
  readonly provisioners: readonly InspectedStep[]
  readonly errorCleanup: readonly InspectedStep[]
  /** Each chain's steps. */
  readonly postProcessors: readonly (readonly InspectedStep[])[]
  readonly warnings: readonly Problem[]
}

/** A variable of a template. */
export interface InspectedVariable {
  readonly name: string
  readonly required: boolean
  /** As it stands in the template. */
  readonly default?: string
  readonly sensitive: boolean
}

/** A build of a template. */
export interface InspectedBuild {
  readonly name: string
  /** The type of its builder, as the template has it. */
  readonly type: string
  /** Whether there is such a builder here. */
  readonly supported: boolean
}

/** A step of a template. */
export interface InspectedStep {
  readonly type: string
  /** What it is about: its first command, its script, its file. */
  readonly title: string
  readonly supported: boolean
  /** The builds that it is for, where these are not all. */
  readonly only?: readonly string[]
}

/**
 * Says what a template has in it. Variables need no values.
 * @throws ImagoError `DEFINITION_INVALID` with every problem and its line.
 */
export async function inspectTemplate(file: TemplateFile, options: TemplateOptions): Promise<TemplateInspection> {
  const reading = await readWithVariables(file, { ...options, mayMiss: true })
  const model = await modelOf(reading, file, options)
  const all = model.builds.map(({ name }) => name)
  const variables = [...reading.template.variables.values()].map((declared): InspectedVariable => ({
    name: declared.name,
    required: declared.default === undefined,
    ...(declared.default !== undefined && { default: declared.default.value }),
    sensitive: reading.variables.get(declared.name)?.sensitive ?? reading.template.sensitive.includes(declared.name),
  }))
  return {
    name: model.name,
    ...(model.description !== undefined && { description: model.description.value }),
    variables,
    builds: model.builds.map(({ name, component }) => ({ name, type: component.type, supported: isMapped(component) })),
    provisioners: model.provisioners.flatMap((step) => stepsOf(step, all)),
    errorCleanup: model.errorCleanup.flatMap((step) => stepsOf(step, all)),
    postProcessors: model.chains.flatMap((chain) => chainsOf(chain, all)),
    warnings: inFileOrder(reading.reports.warnings),
  }
}

function stepsOf({ variants }: StepModel, all: readonly string[]): readonly InspectedStep[] {
  return variants.map(({ builds, component }) => inspected(component, builds, all))
}

function chainsOf({ variants }: ChainModel, all: readonly string[]): readonly (readonly InspectedStep[])[] {
  return variants.map(({ builds, steps }) => steps.map((step, index) => inspected(step, index === 0 ? builds : all, all)))
}

function inspected(component: ModelComponent, builds: readonly string[], all: readonly string[]): InspectedStep {
  return {
    type: component.type,
    title: titleOf(component),
    supported: isMapped(component),
    ...(builds.length < all.length && { only: builds }),
  }
}

const titleOptions = ['script', 'scripts', 'inline', 'source', 'sources', 'repository', 'output', 'path'] as const

function titleOf(component: ModelComponent): string {
  const options: unknown = isMapped(component) ? valueOf(component.options) : component.json
  if (typeof options !== 'object' || options === null) return ''
  for (const name of titleOptions) {
    const value: unknown = Reflect.get(options, name)
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string') return first
  }
  return ''
}
