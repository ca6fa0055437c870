import { criticalPath } from '../critical-path.ts'
import type { PathPart } from '../critical-path.ts'
import type { BuildRecord, RunRecord, StepRecord } from '../run-record.ts'

/** What the parts of a page share. */
export interface Page {
  readonly record: RunRecord
  /** The length of the timeline in milliseconds; never 0. */
  readonly length: number
  readonly criticalPath: readonly PathPart[]
  isCritical(step: StepRecord): boolean
  /** The `id` of the element that shows a build or a step. */
  anchorOf(part: BuildRecord | StepRecord): string
}

/** Prepares a record to be shown. */
export function pageOf(record: RunRecord): Page {
  const anchors = new Map(
    record.builds.flatMap((build, index): [BuildRecord | StepRecord, string][] => [
      [build, `build-${index + 1}`],
      ...build.steps.map((step, stepIndex): [StepRecord, string] => [step, `build-${index + 1}-step-${stepIndex + 1}`]),
    ]),
  )
  const path = criticalPath(record)
  const critical = new Set(path.map(({ what }) => what))
  return {
    record,
    length: Math.max(1, record.durationMs, ...record.builds.map(({ to }) => to)),
    criticalPath: path,
    isCritical: (step) => critical.has(step),
    anchorOf: (part) => anchors.get(part) ?? '',
  }
}

/** A moment or a length as a share of the timeline, for CSS. */
export function percent(ms: number, { length }: Page): string {
  return `${Number(((Math.min(Math.max(ms, 0), length) * 100) / length).toFixed(3))}%`
}
