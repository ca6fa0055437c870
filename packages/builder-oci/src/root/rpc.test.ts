import { EventEmitter, once } from 'node:events'

import type { TransferProgress } from '@imago/core'
import { abortError, ImagoError } from '@imago/core'
import { describe, expect, it } from 'vitest'

import type { Call } from '../tree/tree.ts'
import type { Message, Port } from './rpc.ts'
import { RpcClient, serve } from './rpc.ts'

const methods = {
  double: (value: number) => Promise.resolve(value * 2),
  fail: () => Promise.reject(new ImagoError('DISK_FULL', 'no space', { hint: 'free some', cause: new Error('ENOSPC') })),
  crash: () => Promise.reject(new TypeError('oops')),
  move: (total: number, { onProgress }: Call) => {
    for (let bytes = 1; bytes <= total; bytes++) onProgress?.({ bytes, total })
    return Promise.resolve('moved')
  },
  wait: async (_: null, { signal }: Call) => {
    await once(signal, 'abort')
    throw abortError(signal)
  },
}

/** Two ends of a channel that clones what goes through, as one between processes does. */
function channel(): readonly [Port, Port] {
  const [left, right] = [new EventEmitter(), new EventEmitter()]
  const port = (own: EventEmitter, other: EventEmitter): Port => ({
    send: (message) => void setImmediate(() => other.emit('message', structuredClone(message))),
    onMessage: (listener) => void own.on('message', (message: Message) => listener(message)),
  })
  return [port(left, right), port(right, left)]
}

function connect(): RpcClient<typeof methods> {
  const [near, far] = channel()
  serve(far, methods)
  return new RpcClient(near)
}

const { signal } = new AbortController()

describe('a call', () => {
  it('is answered, several at a time', async () => {
    const client = connect()
    expect(await Promise.all([1, 2, 3].map((value) => client.call('double', value, { signal })))).toEqual([2, 4, 6])
  })

  it('rejects as the method does', async () => {
    const client = connect()
    await expect(client.call('fail', undefined as never, { signal })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: 'no space',
      hint: 'free some',
      cause: new Error('ENOSPC'),
    })
    await expect(client.call('crash', undefined as never, { signal })).rejects.toMatchObject({ code: 'INTERNAL', message: 'oops' })
  })

  it('tells how far it is, not too often, and always its end', async () => {
    const seen: TransferProgress[] = []
    expect(await connect().call('move', 1000, { signal, onProgress: (progress) => seen.push(progress) })).toBe('moved')
    expect(seen.length).toBeLessThan(500)
    expect(seen.at(-1)).toEqual({ bytes: 1000, total: 1000 })
  })

  it('ends with its signal, for the reason that the signal gives', async () => {
    const abort = new AbortController()
    const waiting = connect().call('wait', null, { signal: abort.signal })
    abort.abort(new ImagoError('TIMEOUT', 'too late'))
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT', message: 'too late' })
    await expect(connect().call('double', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('rejects when the other end is lost, now and later', async () => {
    const client = connect()
    const waiting = client.call('wait', null, { signal })
    client.lose(new ImagoError('MACHINE_LOST', 'gone'))
    await expect(waiting).rejects.toMatchObject({ code: 'MACHINE_LOST' })
    await expect(client.call('double', 1, { signal })).rejects.toMatchObject({ code: 'MACHINE_LOST' })
  })
})
