import type { BuildRecord } from './run-record.ts'

/** A row of the graph of builds: where its build stands, and which lines are to be drawn. Lanes are counted from 0. */
export interface GraphRow {
  readonly build: BuildRecord
  readonly lane: number
  /** The lanes that lines come from: those of the builds that it starts from. */
  readonly from: readonly number[]
  /** The lanes of lines that go past it. */
  readonly past: readonly number[]
  /** Whether builds further down start from it. */
  readonly goesOn: boolean
}

/** Lays out builds, those that others start from first, one in a row, so that no line crosses a build. */
export function graphRows(builds: readonly BuildRecord[]): GraphRow[] {
  const bases = builds.map((build, index) => builds.slice(0, index).filter((base) => build.after.includes(`${base.image}.${base.build}`)))
  const lastChild = new Map(bases.flatMap((list, index) => list.map((base) => [base, index] as const)))
  const lanes: (BuildRecord | undefined)[] = []
  return builds.map((build, index) => {
    const from = (bases[index] ?? []).map((base) => lanes.indexOf(base))
    const open = lanes.map((base) => (base !== undefined && lastChild.get(base) !== index ? base : undefined))
    const free = open.indexOf(undefined)
    const lane = free === -1 ? open.length : free
    const past = open.flatMap((base, at) => (base === undefined ? [] : [at]))
    const goesOn = lastChild.has(build)
    open[lane] = goesOn ? build : undefined
    lanes.splice(0, lanes.length, ...open)
    return { build, lane, from, past, goesOn }
  })
}
