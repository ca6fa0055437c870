import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'

import { expect, test } from 'vitest'

import { timeLimit } from './time-limit.ts'

/** What `--expose-gc` has as `gc`. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void // says V8
}

test('a limit that nothing holds but what it is a part of is kept', { timeout: 20_000 }, async () => {
  const collect = garbageCollector()
  const limited = AbortSignal.any([new AbortController().signal, AbortSignal.any([timeLimit(100)])])
  const over = new Promise<void>((done) => limited.addEventListener('abort', () => done()))
  const collecting = setInterval(collect, 10)
  await over.finally(() => clearInterval(collecting))
  expect(limited.reason).toMatchObject({ name: 'TimeoutError', message: 'more than 0.1 s' })
})
