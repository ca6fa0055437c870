import { cachedSnapshots, cacheStatus, plan, preflight, pruneCache, resolveParameters, run, sweep, validate } from '@imago/core'

/** What the command asks of the library. */
export interface CoreFunctions {
  readonly run: typeof run
  readonly plan: typeof plan
  readonly validate: typeof validate
  readonly preflight: typeof preflight
  readonly sweep: typeof sweep
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
  resolveParameters,
  cachedSnapshots,
  pruneCache,
  cacheStatus,
}
