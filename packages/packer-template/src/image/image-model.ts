import type { Json, Secret } from '@imago/core'

import type { ComponentKind } from '../fix/draft.ts'
import type { Known } from '../mapping/known.ts'
import type { ComponentTable, MissingOption } from '../mapping/table.ts'
import type { Location } from '../reports.ts'

/** A template as an image definition of ours: what becomes of each part of it, for each build. */
export interface ImageModel {
  readonly name: string
  readonly description?: Known<string>
  readonly builds: readonly ModelBuild[]
  readonly provisioners: readonly StepModel[]
  readonly errorCleanup: readonly StepModel[]
  readonly chains: readonly ChainModel[]
  /** Values of variables that must not show up anywhere. */
  readonly secrets: readonly Known<Secret>[]
}

/** A build. */
export interface ModelBuild {
  readonly name: string
  readonly component: ModelComponent
}

/** A component that has a counterpart, or that has none yet. */
export type ModelComponent = MappedComponent | MissingComponent

/** A component of ours. */
export interface MappedComponent extends Location {
  readonly kind: ComponentKind
  readonly type: string
  readonly table: ComponentTable
  /** Our options, in which values know how to be written. */
  readonly options: Readonly<Record<string, unknown>>
  /** What every step has: `timeout`, `retry`. */
  readonly common: Readonly<Record<string, unknown>>
  /** Options that were given and have no counterpart. */
  readonly missing: readonly MissingOption[]
}

/** A component that has no counterpart yet. */
export interface MissingComponent extends Location {
  readonly kind: ComponentKind
  readonly type: string
  /** What `--except` calls it. */
  readonly name: string
  /** As they stand in the template. */
  readonly json: Json
}

/** A step, which may be another one for each build. */
export interface StepModel {
  readonly variants: readonly { readonly builds: readonly string[]; readonly component: ModelComponent }[]
}

/** A chain of post-processors, which may be another one for each build. */
export interface ChainModel {
  readonly variants: readonly { readonly builds: readonly string[]; readonly steps: readonly ModelComponent[] }[]
}

/** Whether a component has a counterpart. */
export function isMapped(component: ModelComponent): component is MappedComponent {
  return 'table' in component
}
