import type { BuildEvent } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { Place } from '../test/events.ts'
import { attemptAt, event, plannedBuild, postProcessor, provisioner, runStarted, transferOf } from '../test/events.ts'
import { sampleEvents, samplePlans } from '../test/sample-run.ts'
import { recordRun, RunRecorder } from './run-recorder.ts'
import type { BuildRecord, RunRecord, StepRecord } from './run-record.ts'

const place: Place = ['web', 'docker']
const update = provisioner(0, 'shell', 'apt-get update')
const failure = { code: 'COMMAND_FAILED', message: 'exit code 1' } as const

/** The record of a build with these events, and of a run that ends with it. */
function recordOf(events: readonly BuildEvent[], ends: readonly BuildEvent[] = finished()): BuildRecord {
  const started = event(0, { type: 'build-started', builderType: 'docker', steps: 1 }, place)
  const [build] = recordRun([runStarted(place), started, ...events, ...ends], []).builds
  if (build === undefined) throw new Error('no build is recorded')
  return build
}

function finished(status: 'succeeded' | 'failed' | 'cancelled' = 'succeeded'): BuildEvent[] {
  return [
    event(900, { type: 'build-finished', status, durationMs: 900, artifacts: [] }, place),
    event(1000, { type: 'run-finished', status, durationMs: 1000 }),
  ]
}

function stepOf(events: readonly BuildEvent[], ends?: readonly BuildEvent[]): StepRecord | undefined {
  return recordOf(events, ends).steps[0]
}

describe('the record of a run', () => {
  const sample = recordRun(sampleEvents, samplePlans)

  test('has how it went, and how each build went', () => {
    expect(sample).toMatchObject({ runId: 'a1b2c3d4', status: 'failed', startedAt: '2026-01-02T03:04:05.000Z', durationMs: 13_010 })
    expect(sample.builds.map(({ label, status, from, to, waited, after }) => ({ label, status, from, to, waited, after }))).toEqual([
      { label: 'base.docker', status: 'succeeded', from: 2, to: 4200, waited: 0, after: [] },
      { label: 'web.docker', status: 'succeeded', from: 4205, to: 13_000, waited: 4205, after: ['base.docker'] },
      { label: 'web.vm', status: 'failed', from: 1, to: 7600, waited: 0, after: [] },
      { label: 'web.cloud', status: 'cancelled', from: 3, to: 7700, waited: 0, after: [] },
    ])
  })

  test('has each step, those that were not run too, post-processors by chain', () => {
    const lines = (index: number): string[] => sample.builds[index]?.steps.map(({ step, status }) => `${step.id} ${status}`) ?? []
    expect(lines(1)).toEqual([
      'builder.create succeeded',
      'provisioners[0] succeeded',
      'provisioners[1] succeeded',
      'provisioners[2] ignored',
      'builder.commit succeeded',
      'postProcessors[0][0] succeeded',
      'postProcessors[0][1] succeeded',
      'postProcessors[0][2] succeeded',
      'postProcessors[1][0] succeeded',
    ])
    expect(lines(2).slice(-4)).toEqual([
      'provisioners[1] failed',
      'errorCleanup[0] succeeded',
      'provisioners[2] not-run',
      'postProcessors[1][0] not-run',
    ])
  })

  test('has attempts, waits, transfers and what is left', () => {
    const install = sample.builds[1]?.steps[2]
    expect(install?.attempts.map(({ from, to, status }) => [from, to, status])).toEqual([
      [4900, 6000, 'failed'],
      [7000, 9500, 'succeeded'],
    ])
    expect(install?.waits).toEqual([{ from: 6000, to: 7000 }])
    expect(install).not.toHaveProperty('error')
    expect(sample.builds[1]?.steps[1]?.transfers).toEqual([
      { task: 'upload site', from: 4410, to: 4890, bytes: 8_400_000, total: 8_400_000, rate: 17_500_000 },
    ])
    expect(sample.builds[2]?.left).toMatchObject([{ resource: { kind: 'qemu-process' }, why: 'not removed', error: { code: 'TIMEOUT' } }])
  })

  test('takes no title from a plan, which is not masked', () => {
    const plans = [{ image: 'web', builds: [plannedBuild('docker', [provisioner(0, 'shell', 'login --password hunter2')])] }]
    const text = JSON.stringify(recordRun([runStarted(place), ...finished('failed')], plans))
    expect(text).toContain('"provisioners[0]"')
    expect(text).not.toContain('hunter2')
  })

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(sample))).toEqual(sample)
  })
})

describe('a step', () => {
  test('that failed may be ignored', () => {
    const events = attemptAt(place, update, { from: 10, to: 20, status: 'failed', ignored: true, error: failure })
    expect(stepOf(events)).toMatchObject({ status: 'ignored', error: failure })
  })

  test('is cancelled in the wait for its next attempt', () => {
    const events = attemptAt(place, update, { from: 10, to: 20, status: 'failed', retryInMs: 5000, error: failure })
    expect(stepOf(events, finished('cancelled'))).toMatchObject({ status: 'cancelled' })
    expect(stepOf(events, [])).toMatchObject({ status: 'unfinished' })
  })

  test('that the user has run again has one attempt more', () => {
    const failed = attemptAt(place, update, { from: 10, to: 20, status: 'failed', error: failure, said: 'one\n' })
    const step = stepOf([...failed, ...attemptAt(place, update, { from: 500, to: 520, said: 'two\n' })])
    expect(step).toMatchObject({ status: 'succeeded', waits: [{ from: 20, to: 500 }] })
    expect(step?.log.head.map(({ source, text }) => `${source}: ${text}`)).toEqual([
      'stdout: one\n',
      'recorder: attempt 2\n',
      'stdout: two\n',
    ])
  })

  test('waits as long as its plan says before it', () => {
    const [planned] = plannedBuild('docker', [update]).provisioners
    if (planned === undefined) throw new Error('nothing is planned')
    const plans = [{ image: 'web', builds: [plannedBuild('docker', [], { provisioners: [{ ...planned, pauseBefore: '200ms' }] })] }]
    const record = recordRun([runStarted(place), ...attemptAt(place, update, { from: 300, to: 400 })], plans)
    expect(record.builds[0]?.steps[0]?.waits).toEqual([{ from: 100, to: 300 }])
  })

  test('may transfer the same thing again', () => {
    const upload = transferOf(place, update, 'upload', { from: 20, to: 40, bytes: 100 })
    const again = transferOf(place, update, 'upload', { from: 100, to: 300, bytes: 100 })
    const [begin, ...rest] = attemptAt(place, update, { from: 10, to: 400 })
    if (begin === undefined) throw new Error('no attempt')
    expect(stepOf([begin, ...upload, ...again, ...rest])?.transfers).toEqual([
      { task: 'upload', from: 20, to: 40, bytes: 100, total: 100 },
      { task: 'upload', from: 100, to: 300, bytes: 100, total: 100, rate: 500 },
    ])
  })
})

describe('what a build says', () => {
  test('goes to the step that says it, else to the build', () => {
    const [begin, ...end] = attemptAt(place, update, { from: 10, to: 20, said: 'of the step\n' })
    if (begin === undefined) throw new Error('no attempt')
    const build = recordOf([event(5, { type: 'message', level: 'info', text: 'of the build' }), begin, ...end])
    expect(build.log.head).toEqual([{ source: 'info', text: 'of the build\n' }])
    expect(build.steps[0]?.log.head).toEqual([{ source: 'stdout', text: 'of the step\n' }])
  })

  test('is kept in part when it is 100 MB', () => {
    const recorder = new RunRecorder()
    recorder.onEvent(runStarted(place))
    recorder.onEvent(event(0, { type: 'build-started', builderType: 'docker', steps: 1 }))
    recorder.onEvent(event(1, { type: 'step-started', step: update, attempt: 1 }))
    const chunk = `${'x'.repeat(99)}\n`.repeat(650)
    for (let index = 0; index < 1540; index++)
      recorder.onEvent(event(2, { type: 'output', step: update.id, stream: 'stdout', text: chunk }))
    const record = recorder.record([])
    expect(JSON.stringify(record).length).toBeLessThan(1_000_000)
    expect(record.builds[0]?.steps[0]?.log.omitted?.characters).toBeGreaterThan(99_000_000)
  })

  test('is bounded in all, however many steps there are', () => {
    const steps = Array.from({ length: 300 }, (_, index) => provisioner(index, 'shell', `step ${index}`))
    const started = event(0, { type: 'build-started', builderType: 'docker', steps: steps.length })
    const said = `${'y'.repeat(99)}\n`.repeat(1000)
    const record = recordRun([runStarted(place), started, ...steps.flatMap((step) => attemptAt(place, step, { from: 1, to: 2, said }))], [])
    expect(record.builds[0]?.steps).toHaveLength(300)
    expect(JSON.stringify(record).length).toBeLessThan(7_000_000)
  })
})

describe('a record that ends before its run', () => {
  const endings = (record: RunRecord): string[] =>
    record.builds.flatMap(({ status, steps }) => [status, ...steps.map((step) => step.status)])

  test('says what did not end', () => {
    const events = sampleEvents.slice(
      0,
      sampleEvents.findIndex(({ time }) => time > '2026-01-02T03:04:07.000Z'),
    )
    const record = recordRun(events, samplePlans)
    expect(record.status).toBe('unfinished')
    expect(record.durationMs).toBeGreaterThan(1000)
    expect(endings(record)).toEqual(
      ['unfinished', 'unfinished', 'not-run'].concat(
        ['not-run', ...Array.from({ length: 7 }, () => 'not-run')],
        ['unfinished', 'unfinished', 'not-run', 'not-run', 'not-run', 'not-run'],
        ['unfinished', 'unfinished', 'not-run', 'not-run', 'not-run'],
      ),
    )
  })

  test('can be made at any moment', () => {
    for (let count = 0; count <= sampleEvents.length; count++) {
      const record = recordRun(sampleEvents.slice(0, count), samplePlans)
      expect(record.builds).toHaveLength(count === 0 ? 0 : 4)
      for (const { from, to } of record.builds) expect(to).toBeGreaterThanOrEqual(from)
    }
  })
})

test('a clock that is set back does not turn the timeline round', () => {
  const record = recordRun(
    [
      runStarted(place),
      event(500, { type: 'build-started', builderType: 'docker', steps: 0 }),
      ...finished().map((one) => ({ ...one, time: '2026-01-02T03:04:04.000Z' })),
    ],
    [],
  )
  expect(record.builds[0]).toMatchObject({ from: 500, to: 1400 })
})

test('post-processors of a build that has no plan are recorded all the same', () => {
  const build = recordOf(attemptAt(place, postProcessor(0, 0, 'checksum'), { from: 1, to: 2 }))
  expect(build.steps.map(({ step }) => step.id)).toEqual(['postProcessors[0][0]'])
})
