import type { BuildEvent } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { day, event, runStarted, step } from '../../test/sample-events.ts'
import { displayWidth } from './display-width.ts'
import { liveLines } from './live-lines.ts'
import { RunView } from './run-view.ts'
import { plain } from './style.ts'
import { unicodeSymbols } from './symbols.ts'

function show(events: readonly BuildEvent[], { columns = 80, rows = 10, at = 0 } = {}): string[] {
  const view = new RunView()
  for (const each of events) view.onEvent(each)
  return liveLines(view.builds, { columns, rows, now: Date.parse(day) + at, frame: 0, style: plain, symbols: unicodeSymbols })
}

function started(build: string): BuildEvent {
  return event({ type: 'build-started', builderType: 'fake', steps: 2 }, { build })
}

function finished(build: string, status: 'succeeded' | 'failed' | 'cancelled'): BuildEvent {
  const error = { code: 'COMMAND_FAILED', message: 'the command exited with 100\nand more' } as const
  return event({ type: 'build-finished', status, durationMs: 62_000, artifacts: [], ...(status === 'failed' && { error }) }, { build })
}

function transfer(task: string, done: number, build = 'docker'): BuildEvent {
  return event({ type: 'progress', task, done, total: 500e6, unit: 'bytes', step: 'builder.pull' }, { build })
}

describe('liveLines', () => {
  test('shows each build in the order of the run', () => {
    const events = [
      runStarted('docker', 'oci', 'qemu', 'aws', 'null'),
      ...['docker', 'oci', 'qemu', 'aws'].map(started),
      event({ type: 'step-started', step: step(0), attempt: 1 }),
      event({ type: 'step-finished', step: step(0), attempt: 1, status: 'succeeded', durationMs: 5 }),
      event({ type: 'step-started', step: step(1, 'apt-get install nginx\n# and more'), attempt: 2 }),
      finished('oci', 'succeeded'),
      finished('qemu', 'failed'),
      finished('aws', 'cancelled'),
    ]
    expect(show(events, { at: 5000 })).toEqual([
      '⠋ docker     5s  2/2 shell: apt-get install nginx … (attempt 2)',
      '✓ oci     1m02s  built',
      '✗ qemu    1m02s  the command exited with 100',
      '■ aws     1m02s  cancelled',
      '· null           waiting',
    ])
  })

  test('shows transfers below their build until they are done', () => {
    const pull = { id: 'builder.pull', kind: 'builder', type: 'docker', title: 'pull debian:12' } as const
    const events = [
      runStarted('docker'),
      started('docker'),
      event({ type: 'step-started', step: pull, attempt: 1 }),
      transfer('layer 1', 125e6),
      transfer('layer 22', 500e6),
      transfer('layer 333', 250e6),
    ]
    const lines = [
      '⠋ docker     0s  pull debian:12',
      '    layer 1    ━━━━━━──────────────────  125 MB of 500 MB',
      '    layer 333  ━━━━━━━━━━━━────────────  250 MB of 500 MB',
    ]
    expect(show(events)).toEqual(lines)
    const done = event({ type: 'step-finished', step: pull, attempt: 1, status: 'succeeded', durationMs: 1 })
    expect(show([...events, done])).toEqual(['⠋ docker     0s  '])
  })

  test('shows only the last of many transfers', () => {
    const layers = ['a', 'b', 'c', 'd', 'e'].map((name) => transfer(name, 1))
    expect(show([runStarted('docker'), started('docker'), ...layers]).map((line) => line.trim().slice(0, 10).trim())).toEqual([
      '⠋ docker',
      'c  ───────',
      'd  ───────',
      'e  ───────',
      'and 2 more',
    ])
  })

  test('leaves out transfers first, then the builds that matter least', () => {
    const events = [
      runStarted('a', 'b', 'c', 'd'),
      started('b'),
      started('d'),
      transfer('layer', 1, 'b'),
      finished('d', 'failed'),
      finished('a', 'succeeded'),
    ]
    expect(show(events, { rows: 4 })).toHaveLength(4)
    expect(show(events, { rows: 3 }).map((line) => line.slice(0, 20).trim())).toEqual([
      '⠋ b     0s',
      '✗ d  1m02s  the comm',
      'and 2 more: 1 wait',
    ])
    expect(show(events, { rows: 1 })).toEqual(['  and 4 more: 1 running, 1 waiting, 2 done'])
  })

  test.each([1, 10, 20, 40])('never fills a terminal of %i columns', (columns) => {
    const long = event({ type: 'step-started', step: step(0, '日本語 '.repeat(30)), attempt: 1 })
    const lines = show([runStarted('docker'), started('docker'), long, transfer('日本語'.repeat(30), 1)], { columns })
    expect(lines).toHaveLength(2)
    expect(Math.max(...lines.map(displayWidth))).toBeLessThan(columns)
  })
})
