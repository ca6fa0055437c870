import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { readAhead } from './read-ahead.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield await Promise.resolve(n)
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('gives results in the order of the items, whichever is ready first, and no more than the limit at a time', async () => {
  let running = 0
  let most = 0
  const work = async (n: number): Promise<number> => {
    running++
    most = Math.max(most, running)
    for (let turns = (n * 7) % 5; turns > 0; turns--) await nextTurn()
    running--
    return n
  }
  expect(await collect(readAhead(numbers(20), 3, work))).toEqual([...Array(20).keys()])
  expect(most).toBe(3)
})

test('an error of the work comes in its turn, and ends the items', async () => {
  let ended = false
  async function* items(): AsyncGenerator<number> {
    try {
      yield* numbers(20)
    } finally {
      ended = true
    }
  }
  const results: number[] = []
  const work = (n: number): Promise<number> => (n === 4 ? Promise.reject(new Error('four')) : Promise.resolve(n))
  const all = async (): Promise<void> => {
    for await (const n of readAhead(items(), 3, work)) results.push(n)
  }
  await expect(all()).rejects.toThrow('four')
  expect(results).toEqual([0, 1, 2, 3])
  expect(ended).toBe(true)
})

test('nothing is under way when the reader leaves', async () => {
  let running = 0
  const work = async (n: number): Promise<number> => {
    running++
    for (let turns = 0; turns < 10; turns++) await nextTurn()
    running--
    return n
  }
  for await (const n of readAhead(numbers(20), 4, work)) if (n === 2) break
  expect(running).toBe(0)
})
