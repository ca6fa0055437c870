import { expect, test } from 'vitest'

import { event, plannedBuild } from '../test/events.ts'
import { graphRows } from './lanes.ts'
import { recordRun } from './run-recorder.ts'

/** The rows of a graph of builds, each with those that it starts from: lane, lanes that lines come from, lanes that go past, `*` when others start from it. */
function rowsOf(graph: Readonly<Record<string, readonly string[]>>): string[] {
  const names = Object.keys(graph)
  const started = event(0, { type: 'run-started', builds: names.map((build) => ({ image: 'i', build, builderType: 'docker' })) })
  const builds = names.map((build) => plannedBuild(build, [], { after: (graph[build] ?? []).map((base) => `i.${base}`) }))
  return graphRows(recordRun([started], [{ image: 'i', builds }]).builds).map(
    ({ build, lane, from, past, goesOn }) => `${build.build} ${lane} from ${from.join()} past ${past.join()}${goesOn ? ' *' : ''}`,
  )
}

test('builds that have nothing to do with each other share a lane', () => {
  expect(rowsOf({ a: [], b: [], c: [] })).toEqual(['a 0 from  past ', 'b 0 from  past ', 'c 0 from  past '])
})

test('a chain goes straight down', () => {
  expect(rowsOf({ a: [], b: ['a'], c: ['b'] })).toEqual(['a 0 from  past  *', 'b 0 from 0 past  *', 'c 0 from 0 past '])
})

test('lines go past builds, and not through them', () => {
  expect(rowsOf({ a: [], alone: [], b: ['a'], c: ['a'], d: ['b', 'c'] })).toEqual([
    'a 0 from  past  *',
    'alone 1 from  past 0',
    'b 1 from 0 past 0 *',
    'c 0 from 0 past 1 *',
    'd 0 from 1,0 past ',
  ])
})

test('a base that is not there, or comes later, draws no line', () => {
  expect(rowsOf({ a: ['gone', 'b'], b: [] })).toEqual(['a 0 from  past ', 'b 0 from  past '])
})
