import type { PostProcessorOptions, Scope, StepOptions } from './component.ts'

const common = ['name', 'pauseBefore', 'timeout', 'retry', 'continueOnError', 'only', 'except', 'keepInputArtifact'] as const
type Common = (typeof common)[number]
type CommonOptions<Only extends string, Except extends string> = PostProcessorOptions & {
  readonly only?: readonly Only[]
  readonly except?: readonly Except[]
}

/** The common options of a step, and its own, apart. */
interface SplitOptions<T, Only extends string, Except extends string> {
  /** To be spread into the step. */
  readonly common: CommonOptions<Only, Except>
  /** The component's `options`. */
  readonly own: Omit<T, Common>
}

/** Separates what every step takes (`name`, `only`, `timeout`, …) from a component's own options. */
export function splitStepOptions<T extends object, Only extends string, Except extends string>(
  options: T & StepOptions & Scope<Only, Except>,
): SplitOptions<T, Only, Except> {
  const entries = Object.entries(options)
  return {
    common: Object.fromEntries(entries.filter(([name]) => isCommon(name))) as CommonOptions<Only, Except>, // chosen by name just here
    own: Object.fromEntries(entries.filter(([name]) => !isCommon(name))) as Omit<T, Common>,
  }
}

function isCommon(name: string): boolean {
  return (common as readonly string[]).includes(name)
}
