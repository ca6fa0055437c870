const commonNames = [
  'name',
  'pauseBefore',
  'timeout',
  'retry',
  'continueOnError',
  'expectDisconnect',
  'cache',
  'only',
  'except',
  'keepInputArtifact',
] as const
type CommonName = (typeof commonNames)[number]

/** The common options of a step, and its own, apart. */
interface SplitOptions<T> {
  /** To be spread into the step. */
  readonly common: Pick<T, Extract<keyof T, CommonName>>
  /** The component's `options`. */
  readonly own: Omit<T, CommonName>
}

/** Separates what every step takes (`name`, `only`, `timeout`, …) from a component's own options. */
export function splitStepOptions<T extends object>(options: T): SplitOptions<T> {
  const entries = Object.entries(options)
  return {
    common: Object.fromEntries(entries.filter(([name]) => isCommon(name))) as SplitOptions<T>['common'], // chosen by name just here
    own: Object.fromEntries(entries.filter(([name]) => !isCommon(name))) as Omit<T, CommonName>,
  }
}

function isCommon(name: string): boolean {
  return (commonNames as readonly string[]).includes(name)
}
