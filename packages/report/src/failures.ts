import type { ErrorJson } from '@imago/core'

import type { BuildRecord, RunRecord, StepRecord } from './run-record.ts'

/** Something that failed: a step, or a build outside of its steps. */
export interface Failure {
  readonly build: BuildRecord
  /** Absent, when the builder itself failed. */
  readonly step?: StepRecord
  readonly error: ErrorJson
}

/** What failed in a run, in the order of the run, each error once. What was ignored is no failure. */
export function failuresOf({ builds }: RunRecord): Failure[] {
  return builds.flatMap((build) => {
    const steps = build.steps.flatMap((step) =>
      step.status === 'failed' && step.error !== undefined ? [{ build, step, error: step.error }] : [],
    )
    const { status, error } = build
    const isTold = steps.some((failure) => failure.error.message === error?.message)
    return [...steps, ...(status === 'failed' && error !== undefined && !isTold ? [{ build, error }] : [])]
  })
}
