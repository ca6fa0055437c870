import { expect, test } from 'vitest'

import type { Emit } from './event.ts'
import { progressReporter } from './progress-reporter.ts'

function reported(use: (reporter: ReturnType<typeof progressReporter>) => void, total?: number): unknown[] {
  const said: Parameters<Emit>[0][] = []
  use(progressReporter('copy', (event) => said.push(event), total))
  return said.map((event) => (event.type === 'progress' ? [event.done, event.total] : event))
}

test('the first and the last step are said, and few of many in between', () => {
  const said = reported((reporter) => {
    for (let bytes = 1; bytes <= 1000; bytes++) reporter.onProgress({ bytes, total: 1000 })
  })
  expect(said[0]).toEqual([1, 1000])
  expect(said.at(-1)).toEqual([1000, 1000])
  expect(said.length).toBeLessThan(100)
})

test('bytes can be added one after the other', () => {
  const said = reported(({ add }) => {
    add(30)
    add(70)
  }, 100)
  expect(said).toEqual([
    [30, 100],
    [100, 100],
  ])
})

test('the end of a task whose size nobody knew is all that was done', () => {
  const said = reported((reporter) => {
    reporter.onProgress({ bytes: 5 })
    reporter.onProgress({ bytes: 7 })
    reporter.finish()
  })
  expect(said).toEqual([
    [5, undefined],
    [7, 7],
  ])
})
