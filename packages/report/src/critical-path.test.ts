import type { BuildEvent, Plan } from '@imago/core'
import { expect, test } from 'vitest'

import type { Place } from '../test/events.ts'
import { attemptAt, event, plannedBuild, provisioner, runStarted, sorted } from '../test/events.ts'
import { sampleEvents, samplePlans } from '../test/sample-run.ts'
import { criticalPath } from './critical-path.ts'
import { recordRun } from './run-recorder.ts'

/** The parts of the path: whose, what, from when to when. */
function pathOf(events: readonly BuildEvent[], plans: readonly Plan[] = []): string[] {
  return criticalPath(recordRun(sorted(events), plans)).map(
    ({ build, what, from, to }) => `${build.label} ${typeof what === 'string' ? what : what.step.title} ${from}–${to}`,
  )
}

const step = provisioner(0, 'shell', 'work')

/** The events of a build with one step. */
function built(name: string, from: number, to: number): BuildEvent[] {
  const place: Place = ['web', name]
  return [
    event(from, { type: 'build-started', builderType: 'docker', steps: 1 }, place),
    ...attemptAt(place, step, { from, to }),
    event(to, { type: 'build-finished', status: 'succeeded', durationMs: to - from, artifacts: [] }, place),
  ]
}

test('goes through the base, the retries and the longest chain', () => {
  expect(pathOf(sampleEvents, samplePlans)).toEqual([
    'base.docker builder 2–20',
    'base.docker pull debian:12 20–2100',
    'base.docker builder 2100–2110',
    'base.docker create the container 2110–2300',
    'base.docker remove caches 2300–3700',
    'base.docker builder 3700–3710',
    'base.docker commit the container 3710–4150',
    'base.docker builder 4150–4200',
    'web.docker builder 4205–4210',
    'web.docker create the container 4210–4400',
    'web.docker site/ to /srv/site 4400–4900',
    'web.docker apt-get install -y nginx 4900–9500',
    'web.docker nginx -t 9500–9800',
    'web.docker builder 9800–9805',
    'web.docker commit the container 9805–10400',
    'web.docker builder 10400–10410',
    'web.docker web:1.0 10410–10450',
    'web.docker out/web.tar 10450–11800',
    'web.docker compress 11800–12900',
    'web.docker builder 12900–13000',
  ])
})

test('goes on with the build that made room', () => {
  const events = [
    runStarted(['web', 'a'], ['web', 'b'], ['web', 'c']),
    ...built('a', 0, 500),
    ...built('b', 0, 800),
    ...built('c', 501, 900),
  ]
  expect(pathOf(events)).toEqual(['a work 0–500', 'c work 501–900'])
})

test('has the wait of a build where nothing tells what it waited for', () => {
  expect(pathOf([runStarted(['web', 'a'], ['web', 'b']), ...built('a', 0, 200), ...built('b', 700, 900)])).toEqual([
    'b wait 0–700',
    'b work 700–900',
  ])
})

test('has the wait for room after the base was there', () => {
  const plans = [{ image: 'web', builds: [plannedBuild('a', [step]), plannedBuild('b', [step], { after: ['web.a'] })] }]
  expect(pathOf([runStarted(['web', 'a'], ['web', 'b']), ...built('a', 0, 200), ...built('b', 700, 900)], plans)).toEqual([
    'a work 0–200',
    'b wait 200–700',
    'b work 700–900',
  ])
})

test('is empty when nothing was run', () => {
  expect(pathOf([])).toEqual([])
  expect(pathOf([runStarted(['web', 'a'])])).toEqual([])
})

test('builds that end at once before others do not lead it in circles', () => {
  const events = [runStarted(['web', 'a'], ['web', 'b']), ...built('a', 0, 0), ...built('b', 0, 0)]
  expect(pathOf(events)).toEqual(['a work 0–0'])
})
