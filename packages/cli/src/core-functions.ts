import { cachedSnapshots, cacheStatus, plan, preflight, pruneCache, resolveParameters, retain, run, sweep, validate } from '@imago/core'

/** What the command asks of the library. */
export interface CoreFunctions {
  readonly run: typeof run
  readonly plan: typeof plan
  readonly validate: typeof validate
  readonly preflight: typeof preflight
  readonly sweep: typeof sweep
  readonly retain: typeof retain
  readonly resolveParameters: typeof resolveParameters
  readonly cachedSnapshots: typeof cachedSnapshots
  readonly pruneCache: typeof pruneCache
  readonly cacheStatus: typeof cacheStatus
}

/** The library itself. */
export const coreFunctions: CoreFunctions = {
  run,
  plan,
  validate,
  preflight,
  sweep,
  retain,
  resolveParameters,
  cachedSnapshots,
  pruneCache,
  cacheStatus,
}
