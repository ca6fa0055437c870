import { getEventListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Duplex } from 'node:stream'

import { ImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { Dial, Told } from './first-answer.ts'
import { firstAnswer } from './first-answer.ts'

const nobody: Told = { onFailure: () => undefined, onWait: () => undefined }

/** Dials until something ends it, and says why it waited. */
async function whyIn(ms: number, dial: Dial): Promise<readonly string[]> {
  const causes: string[] = []
  const note = ({ message }: ImagoError): void => void causes.push(message)
  await expect(firstAnswer(dial, AbortSignal.timeout(ms), { onFailure: note, onWait: note })).rejects.toMatchObject({ code: 'TIMEOUT' })
  return causes
}

const never: Dial = async (signal) =>
  await new Promise<Duplex>((_, reject) => {
    signal.addEventListener('abort', () => reject(new ImagoError('NETWORK', 'given up')))
  })

describe('while there is no answer, the cause is told', () => {
  test('of a host that is down', async () => {
    expect(await whyIn(700, never)).toEqual(['no answer to the request for a connection'])
  })
  test('of a server that says nothing', async () => {
    expect(await whyIn(700, () => Promise.resolve(new PassThrough()))).toEqual([
      'the connection is accepted, and no SSH banner is received',
    ])
  })
  test('of a port that refuses, which is tried less and less often', async () => {
    let dialled = 0
    const refuse: Dial = () => {
      dialled++
      return Promise.reject(new ImagoError('NETWORK', 'connection refused'))
    }
    const causes = await whyIn(700, refuse)
    expect(new Set(causes)).toEqual(new Set(['connection refused']))
    expect(dialled).toBeLessThanOrEqual(5) // after 0, 100, 250, 475 and 812 ms
  })
})

test('the first stream that says something is it, with what it said', async () => {
  const silent = new PassThrough()
  const talking = new PassThrough()
  const streams = [silent, talking]
  talking.write('SSH-2.0-x')
  const stream = await firstAnswer(() => Promise.resolve(streams.shift() ?? new PassThrough()), AbortSignal.timeout(10_000), nobody)
  expect(stream).toBe(talking)
  expect(String(stream.read())).toBe('SSH-2.0-x')
  await expect.poll(() => silent.destroyed).toBe(true)
})
test('how soon another connection is tried beside a silent one is given', async () => {
  let dialled = 0
  const silent: Dial = () => {
    dialled++
    return Promise.resolve(new PassThrough())
  }
  const waiting = firstAnswer(silent, AbortSignal.timeout(600), nobody, () => 60_000)
  await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(dialled).toBe(1)
})
test('what is no matter of time ends it', async () => {
  const refused = Promise.reject(new ImagoError('AUTHENTICATION_FAILED', 'the proxy refuses the user'))
  await expect(firstAnswer(() => refused, AbortSignal.timeout(10_000), nobody)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
})

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
  const stream = await firstAnswer(dial, new AbortController().signal, { ...nobody, onFailure: ({ message }) => failures.push(message) })
  expect(String(stream.read())).toBe('SSH-2.0-test\r\n')
  expect(failures).toEqual(['the connection breaks before an SSH banner comes: read ECONNRESET'])
})

test('a stream that wakes it often without a word is left without a listener, and so is the signal', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    const stream = new PassThrough()
    let limit: AbortSignal | undefined
    let wakes = 0
    const wake = (): void => {
      if (++wakes > 20) stream.write('SSH-2.0-test\r\n')
      else stream.emit('readable')
      if (wakes <= 20) setImmediate(wake)
    }
    const dial: Dial = (signal) => {
      limit = signal
      setImmediate(wake)
      return Promise.resolve(stream)
    }
    const before = stream.eventNames().map((name) => [name, stream.listenerCount(name)])
    await firstAnswer(dial, new AbortController().signal, nobody)
    expect(stream.eventNames().map((name) => [name, stream.listenerCount(name)])).toEqual(before)
    expect(limit && getEventListeners(limit, 'abort')).toEqual([])
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', onWarning)
  }
})
