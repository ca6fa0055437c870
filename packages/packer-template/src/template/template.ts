import type { JsonNode, JsonObjectNode, JsonTextNode } from '../json/json-node.ts'
import type { Location } from '../reports.ts'

/** A template as it is written: its parts, of which nothing has been filled in yet. */
export interface Template {
  /** As the user would write it. */
  readonly file: string
  readonly description?: JsonTextNode
  readonly variables: ReadonlyMap<string, VariableDeclaration>
  /** Names of variables whose values must not show up anywhere. */
  readonly sensitive: readonly string[]
  readonly builders: readonly BuilderConfig[]
  readonly provisioners: readonly ProvisionerConfig[]
  readonly errorCleanup?: ProvisionerConfig
  /** Chains, each of one or more. */
  readonly postProcessors: readonly (readonly PostProcessorConfig[])[]
}

/** A variable of a template. */
export interface VariableDeclaration extends Location {
  readonly name: string
  /** `undefined` when it must be given. */
  readonly default: JsonTextNode | undefined
}

/** What builders, provisioners and post-processors have in common. */
export interface ComponentConfig extends Location {
  readonly type: string
  /** Its own options: what every component has is not among them. */
  readonly options: JsonObjectNode
}

/** A builder. */
export interface BuilderConfig extends ComponentConfig {
  /** By which `only`, `except` and `override` know it: its `name` as it is written, else its type. */
  readonly name: string
}

/** Limits a step to some builds. */
export interface ScopeConfig {
  /** @default all */
  readonly only?: readonly string[]
  readonly except?: readonly string[]
}

/** A provisioner. */
export interface ProvisionerConfig extends ComponentConfig, ScopeConfig {
  /** Other options for some builds. */
  readonly override: ReadonlyMap<string, JsonObjectNode>
  readonly pauseBefore?: JsonNode
  readonly timeout?: JsonNode
  readonly maxRetries?: JsonNode
}

/** A post-processor. */
export interface PostProcessorConfig extends ComponentConfig, ScopeConfig {
  readonly name?: JsonTextNode
  readonly keepInputArtifact?: boolean
}

/** Whether a step applies to a build. */
export function appliesTo({ only, except }: ScopeConfig, build: string): boolean {
  return only?.includes(build) !== false && except?.includes(build) !== true
}
