import { findTable } from '../components/catalog.ts'
import type { ComponentKind } from '../fix/draft.ts'
import type { JsonNode, JsonObjectNode, JsonTextNode } from '../json/json-node.ts'
import { plainJson } from '../json/json-node.ts'
import { duration, integer, text } from '../mapping/coercions.ts'
import type { Known, Model } from '../mapping/known.ts'
import { keyOf } from '../mapping/known.ts'
import type { Coercion, OptionContext } from '../mapping/option-context.ts'
import type { TemplateFolders } from '../mapping/template-folders.ts'
import type { Location, Reports } from '../reports.ts'
import { inside } from '../reports.ts'
import type { BuilderConfig, ComponentConfig, PostProcessorConfig, ProvisionerConfig } from '../template/template.ts'
import type { TextRenderer } from '../text/render-text.ts'
import type { ModelComponent } from './image-model.ts'
import { isMapped } from './image-model.ts'

/** A build for which components are mapped. */
export interface BuildScope {
  readonly renderer: TextRenderer
  readonly folders: TemplateFolders
  readonly reports: Reports
  readonly config: BuilderConfig
  readonly name: string
  /** There are other builds. */
  readonly several: boolean
}

/** Our builder for one of Packer's. */
export function builderModel(scope: BuildScope): Promise<ModelComponent> {
  return component('builder', scope.config, scope.config.options, {}, scope)
}

/** Our provisioner for one of Packer's, with the options that it has for the build. */
export function provisionerModel(config: ProvisionerConfig, scope: BuildScope): Promise<ModelComponent> {
  const override = config.override.get(scope.config.name)
  const options = override === undefined ? config.options : merged(config.options, override)
  const ctx = contextOf(scope, config)
  const common = {
    pauseBefore: readOption(duration, config.pauseBefore, 'pause_before', ctx),
    timeout: readOption(duration, config.timeout, 'timeout', ctx),
    retry: readOption(integer, config.maxRetries, 'max_retries', ctx),
  }
  return component('provisioner', config, options, common, scope)
}

/** Our post-processor for one of Packer's. */
export function postProcessorModel(config: PostProcessorConfig, scope: BuildScope): Promise<ModelComponent> {
  const common = {
    name: readOption(text, config.name, 'name', contextOf(scope, config)),
    keepInputArtifact: keepsInput(config, scope.config),
  }
  return component('post-processor', config, config.options, common, scope)
}

/** What post-processors of ours do with their input that needs it kept. */
const needInput: ReadonlySet<string> = new Set(['checksum', 'docker-push', 'docker-tag', 'manifest', 'shell-local'])

/** Packer removes what `docker-import` has imported, and disks that are in a box; here they stay unless one says otherwise. */
function keepsInput({ type, keepInputArtifact }: PostProcessorConfig, builder: BuilderConfig): boolean | undefined {
  if (needInput.has(type)) return undefined
  const isRemoved = type === 'docker-import' || (type === 'vagrant' && /^(qemu|virtualbox-.*)$/.test(builder.type))
  return keepInputArtifact ?? (isRemoved ? false : undefined)
}

/** A text that is the same for components that are the same for several builds. */
export function componentKey(model: ModelComponent): string {
  if (!isMapped(model)) return `missing:${model.type}:${JSON.stringify(model.json)}`
  return `${model.type}:${keyOf(model.options)}:${keyOf(model.common)}:${JSON.stringify(model.missing.map(({ name, value }) => [name, value]))}`
}

/** The same for chains. */
export function chainKey(steps: readonly ModelComponent[]): string {
  return steps.map(componentKey).join('→')
}

async function component(
  kind: ComponentKind,
  config: ComponentConfig,
  options: JsonObjectNode,
  common: Readonly<Record<string, unknown>>,
  scope: BuildScope,
): Promise<ModelComponent> {
  const { at, path, type } = config
  const table = await findTable(kind, type)
  if (table === undefined) return { kind, type, at, path, name: nameOf(config), json: plainJson(options) }
  const given = Object.fromEntries(Object.entries(common).filter(([, value]) => value !== undefined))
  return { kind, type, at, path, table, common: given, ...table.map(options, contextOf(scope, config)) }
}

function nameOf(config: ComponentConfig & { readonly name?: string | JsonTextNode }): string {
  const { name = config.type } = config
  return typeof name === 'string' ? name : name.value
}

function contextOf(scope: BuildScope, { at, path }: Location): OptionContext {
  const { reports, renderer, folders, name, config, several } = scope
  return { at, path, reports, renderer, folders, build: { name, type: config.type }, buildIsFact: several }
}

function readOption<T>(read: Coercion<T>, node: JsonNode | undefined, name: string, ctx: OptionContext): Model<T> | Known<T> | undefined {
  return node && read(node, { ...ctx, ...inside(ctx, node.at, name) })
}

function merged(options: JsonObjectNode, override: JsonObjectNode): JsonObjectNode {
  return { ...options, members: new Map([...options.members, ...override.members]) }
}
