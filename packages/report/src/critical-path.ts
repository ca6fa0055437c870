import { chainPlace } from './chain-place.ts'
import type { BuildRecord, RunRecord, Span, StepRecord } from './run-record.ts'

/** A part of the critical path: a step, the builder's own work before, between and after steps, or a wait for room to run. */
export interface PathPart extends Span {
  readonly build: BuildRecord
  readonly what: 'builder' | 'wait' | StepRecord
}

/** A build that ended at most so many milliseconds before another one began made room for it. */
const handOverMs = 50
/** Moments are told in whole milliseconds, from two clocks. */
const roundingMs = 5

/**
 * What the run's length came from, from its begin to its end: the steps of the build that ended last, and before them those of the build
 * that it started from or waited for, and so on. Making any of these shorter makes the run shorter.
 */
export function criticalPath({ builds }: RunRecord): PathPart[] {
  const parts: PathPart[] = []
  const visited = new Set<BuildRecord>()
  let build = latest(builds.filter(({ status }) => status !== 'not-run'))
  while (build !== undefined && !visited.has(build)) {
    visited.add(build)
    const cause = causeOf(build, builds)
    parts.unshift(...waitBefore(build, cause), ...partsOf(build))
    build = cause
  }
  return parts
}

/** When a step ran, with the pause before it; `undefined` when it did not. */
export function spanOf({ attempts, waits }: StepRecord): Span | undefined {
  const [first] = attempts
  const last = attempts.at(-1)
  return first === undefined || last === undefined ? undefined : { from: Math.min(first.from, waits[0]?.from ?? first.from), to: last.to }
}

interface RanStep extends Span {
  readonly record: StepRecord
}

function partsOf(build: BuildRecord): PathPart[] {
  const ran = build.steps.flatMap((record): RanStep[] => {
    const span = spanOf(record)
    return span === undefined ? [] : [{ record, ...span }]
  })
  const parts: PathPart[] = []
  let until = build.to
  for (let step = latest(ran); step !== undefined; step = stepBefore(step, ran)) {
    parts.unshift({ build, what: step.record, from: step.from, to: step.to }, ...builderPart(build, step.to, until))
    until = step.from
  }
  return [...builderPart(build, build.from, until), ...parts]
}

function builderPart(build: BuildRecord, from: number, to: number): PathPart[] {
  return to > from ? [{ build, what: 'builder', from, to }] : []
}

/** The step that had to end before another one began. Post-processors follow the one before them in their chain, which runs beside others. */
function stepBefore(step: RanStep, ran: readonly RanStep[]): RanStep | undefined {
  const chain = chainPlace(step.record.step)?.chain
  const before = ran.filter((other) => other !== step && other.from < step.from && other.to <= step.from + roundingMs)
  const inChain = chain === undefined ? undefined : latest(before.filter((other) => chainPlace(other.record.step)?.chain === chain))
  return inChain ?? latest(before.filter((other) => chainPlace(other.record.step) === undefined))
}

/** The build that another one had to wait for. */
function causeOf(build: BuildRecord, builds: readonly BuildRecord[]): BuildRecord | undefined {
  const before = builds.filter((other) => other !== build && other.from <= build.from && other.to <= build.from + roundingMs)
  const base = latest(before.filter((other) => build.after.includes(`${other.image}.${other.build}`)))
  if (base !== undefined && handsOver(base, build)) return base
  return latest(before.filter((other) => other.status !== 'not-run' && handsOver(other, build))) ?? base
}

function handsOver(first: BuildRecord, second: BuildRecord): boolean {
  return first.to > first.from && second.from - first.to <= handOverMs
}

function waitBefore(build: BuildRecord, cause: BuildRecord | undefined): PathPart[] {
  const from = cause?.to ?? 0
  return build.from - from > handOverMs ? [{ build, what: 'wait', from, to: build.from }] : []
}

function latest<T extends Span>(spans: readonly T[]): T | undefined {
  return spans.reduce<T | undefined>((best, span) => (best === undefined || span.to > best.to ? span : best), undefined)
}
