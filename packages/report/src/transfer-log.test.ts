import { expect, test } from 'vitest'

import { TransferLog } from './transfer-log.ts'

const said = { runId: 'r', time: '', image: 'i', build: 'b', type: 'progress', task: 'pull' } as const

test('what is no transfer of bytes is none', () => {
  const log = new TransferLog()
  log.add({ ...said, done: 5, total: 100, unit: 'percent' }, 0)
  log.add({ ...said, done: 5, unit: 'items' }, 0)
  expect(log.transfers()).toEqual([])
})

test('the rate is that of what went after it was first told of, and the time ends with the last byte', () => {
  const log = new TransferLog()
  log.add({ ...said, done: 1000, unit: 'bytes' }, 100)
  log.add({ ...said, done: 3000, total: 3000, unit: 'bytes' }, 1100)
  log.add({ ...said, done: 3000, total: 3000, unit: 'bytes' }, 9000)
  expect(log.transfers()).toEqual([{ task: 'pull', from: 100, to: 1100, bytes: 3000, total: 3000, rate: 2000 }])
})

test('tasks at the same time are kept apart', () => {
  const log = new TransferLog()
  for (const [at, task] of [
    [0, 'a'],
    [1, 'b'],
    [2, 'a'],
    [3, 'b'],
  ] as const)
    log.add({ ...said, task, done: at, unit: 'bytes' }, at)
  expect(log.transfers().map(({ task, bytes }) => [task, bytes])).toEqual([
    ['a', 2],
    ['b', 3],
  ])
})
