import { checksumSteps } from '../components/checksum.ts'
import { asSecret, shortestSecret, staticText } from '../mapping/coercions.ts'
import type { Known } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { TemplateFolders } from '../mapping/template-folders.ts'
import type { Reports } from '../reports.ts'
import { inside } from '../reports.ts'
import type { BuilderConfig, PostProcessorConfig, ScopeConfig, Template } from '../template/template.ts'
import { appliesTo } from '../template/template.ts'
import type { TextRenderer } from '../text/render-text.ts'
import { code } from '../typescript/expression.ts'
import type { Secret } from '@imago/core'
import type { BuildScope } from './component-model.ts'
import { builderModel, chainKey, componentKey, postProcessorModel, provisionerModel } from './component-model.ts'
import type { ChainModel, ImageModel, ModelBuild, ModelComponent, StepModel } from './image-model.ts'
import { buildName, imageName } from './names.ts'
import { withPauses } from './pauses.ts'

/** What an image definition is put together from. */
export interface Assembly {
  readonly template: Template
  readonly renderer: TextRenderer
  readonly folders: TemplateFolders
  readonly reports: Reports
}

/** A builder and the build's name here. */
export interface NamedBuilder {
  readonly config: BuilderConfig
  readonly name: string
}

/** The builders of a template, each with its build's name. */
export function nameBuilds({ template, renderer, reports }: Assembly): readonly NamedBuilder[] {
  const builders = template.builders.map((config): NamedBuilder => {
    const node = { kind: 'text', at: config.at, value: config.name } as const
    const scope = { build: { name: config.name, type: config.type }, buildIsFact: false, fields: undefined }
    const rendered = renderer.render(node, inside(config, config.at, 'name'), scope)
    const given = typeof rendered?.value === 'string' && rendered.value !== '' ? rendered.value : config.type
    const name = buildName(given)
    if (name !== given) reports.warn(config, `the build '${given}' is called '${name}' here`)
    return { config, name }
  })
  for (const [index, { name, config }] of builders.entries()) {
    if (builders.slice(0, index).some((other) => other.name === name)) reports.problem(config, `two builds are called '${name}'`)
  }
  return builders
}

/** Puts an image definition together, for some of the builds of a template. */
export async function assemble(assembly: Assembly, builders: readonly NamedBuilder[], skipped: ReadonlySet<string>): Promise<ImageModel> {
  const { template, renderer } = assembly
  const scopes = builders.map(({ config, name }): BuildScope => ({ ...assembly, config, name, several: builders.length > 1 }))
  const builds = await Promise.all(
    scopes.map(async (scope): Promise<ModelBuild> => ({ name: scope.name, component: await builderModel(scope) })),
  )
  const provisioners = await eachInOrder(template.provisioners, (config) =>
    variants(scopesOf(config, scopes), (scope) => provisionerModel(config, scope)),
  )
  const cleanup = template.errorCleanup
  const errorCleanup = await eachInOrder(cleanup === undefined ? [] : [cleanup], (config) =>
    variants(scopesOf(config, scopes), (scope) => provisionerModel(config, scope)),
  )
  const chains = await eachInOrder(template.postProcessors.flatMap(expandChain), (chain) => chainModel(chain, scopes, skipped))
  const description = descriptionOf(assembly)
  return {
    name: imageName(template.file),
    ...(description !== undefined && { description }),
    builds,
    provisioners: await withPauses(provisioners, template.provisioners, scopes),
    errorCleanup: errorCleanup.filter(hasVariants),
    chains: chains.filter((chain) => chain.variants.length > 0),
    secrets: secretsOf(renderer, assembly),
  }
}

function scopesOf(config: ScopeConfig, scopes: readonly BuildScope[]): readonly BuildScope[] {
  return scopes.filter((scope) => appliesTo(config, scope.config.name))
}

async function eachInOrder<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<readonly R[]> {
  const made: R[] = []
  for (const item of items) made.push(await make(item))
  return made
}

/** Builds for which a step is the same share a variant of it. */
async function variants(scopes: readonly BuildScope[], make: (scope: BuildScope) => Promise<ModelComponent>): Promise<StepModel> {
  const groups = new Map<string, { readonly builds: string[]; readonly component: ModelComponent }>()
  for (const scope of scopes) {
    const component = await make({ ...scope, several: scopes.length > 1 })
    const key = componentKey(component)
    const group = groups.get(key) ?? { builds: [], component }
    group.builds.push(scope.name)
    groups.set(key, group)
  }
  return { variants: [...groups.values()] }
}

function hasVariants(step: StepModel): boolean {
  return step.variants.length > 0
}

/** A chain of one that writes several files becomes several chains. */
function expandChain(chain: readonly PostProcessorConfig[]): readonly (readonly PostProcessorConfig[])[] {
  const [only, ...more] = chain
  return only === undefined || more.length > 0 ? [chain] : checksumSteps(only).map((step) => [step])
}

async function chainModel(
  chain: readonly PostProcessorConfig[],
  scopes: readonly BuildScope[],
  skipped: ReadonlySet<string>,
): Promise<ChainModel> {
  const end = chain.findIndex(({ name, type }) => skipped.has(name?.value ?? type))
  const left = end === -1 ? chain : chain.slice(0, end)
  const groups = new Map<string, { readonly builds: string[]; readonly steps: readonly ModelComponent[] }>()
  const concerned = scopes.filter((scope) => left.some((config) => appliesTo(config, scope.config.name)))
  for (const each of concerned) {
    const scope = { ...each, several: concerned.length > 1 }
    const configs = left.filter((config) => appliesTo(config, scope.config.name))
    const steps = await eachInOrder(configs, (config) => postProcessorModel(config, scope))
    const key = chainKey(steps)
    const group = groups.get(key) ?? { builds: [], steps }
    group.builds.push(scope.name)
    groups.set(key, group)
  }
  return { variants: [...groups.values()] }
}

function descriptionOf({ template, renderer }: Assembly): Known<string> | undefined {
  const { description } = template
  if (description === undefined) return undefined
  const scope = { build: { name: '', type: '' }, buildIsFact: false, fields: undefined }
  const rendered = renderer.render(description, { at: description.at, path: ['description'] }, scope)
  return typeof rendered?.value === 'string' ? staticText(rendered, rendered.value) : undefined
}

/** The values of sensitive variables; short ones cannot be masked. */
function secretsOf(renderer: TextRenderer, { reports, template }: Assembly): readonly Known<Secret>[] {
  return [...renderer.variables.values()].flatMap(({ name, value, sensitive, declaration }) => {
    if (!sensitive || value === '') return []
    if (value.length < shortestSecret) {
      const at = declaration?.at ?? { file: template.file, line: 1, column: 1 }
      reports.warn({ at, path: ['variables', name] }, `the value of '${name}' is not masked: it has less than ${shortestSecret} characters`)
      return []
    }
    const text = known({ value, key: JSON.stringify(value), code: (writer) => code(writer.parameter(name, 'text').code) })
    return [asSecret(text)]
  })
}
