import type { Progress } from '@imago/core'
import { expect, test } from 'vitest'

import { event } from '../../test/sample-events.ts'
import { ProgressMeter } from './progress-meter.ts'

function progress(done: number, at: number, rest: Partial<Progress> = { total: 500e6 }): Progress {
  const said = { type: 'progress', task: 'upload site', unit: 'bytes', ...rest, done } as const
  return event(said, { at }) as Progress // as it says
}

test('tells how far it is, how fast, and how long it will take', () => {
  const meter = new ProgressMeter(progress(0, 0))
  expect(meter.speed).toBe('')
  meter.update(progress(50e6, 1000))
  expect([meter.fraction, meter.amount, meter.speed]).toEqual([0.1, '50 MB of 500 MB', '50 MB/s, 9s left'])
})

test('goes by the last seconds, not by the whole', () => {
  const meter = new ProgressMeter(progress(0, 0))
  for (let second = 1; second <= 20; second++) meter.update(progress(second * 1e6, second * 1000))
  meter.update(progress(120e6, 21_000))
  meter.update(progress(220e6, 22_000))
  meter.update(progress(320e6, 23_000))
  meter.update(progress(420e6, 24_000))
  meter.update(progress(500e6, 25_000))
  expect(meter.speed).toBe('96 MB/s')
})

test('begins anew when the transfer does', () => {
  const meter = new ProgressMeter(progress(400e6, 0))
  meter.update(progress(0, 1000))
  meter.update(progress(10e6, 2000))
  expect(meter.speed).toBe('10 MB/s, 49s left')
})

test.each([
  [{ unit: 'items', total: 3000 }, 1500, [0.5, '1500 of 3000']],
  [{ unit: 'percent' }, 38.2, [0.382, '38%']],
  [{ unit: 'bytes' }, 1000, [undefined, '1.0 kB']],
  [{ unit: 'bytes', total: 0 }, 0, [1, '0 B of 0 B']],
] as const)('%j at %d', (rest, done, shown) => {
  const meter = new ProgressMeter(progress(done, 0, rest))
  expect([meter.fraction, meter.amount]).toEqual(shown)
})
