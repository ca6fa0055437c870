import { PassThrough } from 'node:stream'
import type { Duplex } from 'node:stream'

import { expect, test } from 'vitest'

import { firstAnswer } from './first-answer.ts'

test('a connection that is reset before the server says something is tried again', async () => {
  let dials = 0
  const failures: string[] = []
  const dial = (): Promise<Duplex> => {
    const stream = new PassThrough()
    dials += 1
    if (dials === 1) setImmediate(() => stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })))
    else stream.write('SSH-2.0-test\r\n')
    return Promise.resolve(stream)
  }
  const stream = await firstAnswer(dial, new AbortController().signal, ({ message }) => failures.push(message))
  expect(String(stream.read())).toBe('SSH-2.0-test\r\n')
  expect(failures).toEqual(['the connection breaks before an SSH banner comes: read ECONNRESET'])
})
