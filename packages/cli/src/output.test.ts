import { EventEmitter } from 'node:events'

import { expect, test } from 'vitest'

import { streamOutput } from './output.ts'

class FakeStream extends EventEmitter {
  readonly isTTY = true
  columns = 0
  rows = 0
  readonly written: string[] = []
  write(text: string, callback?: () => void): boolean {
    if (text !== '') this.written.push(text)
    callback?.()
    return true
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test('drops what nobody reads any more, without a word', async () => {
  const stream = new FakeStream()
  const output = streamOutput(stream, 'stdout')
  output.write('a')
  stream.emit('error', failure('EPIPE'))
  output.write('b')
  await output.flush()
  expect(stream.written).toEqual(['a'])
})

test('says when something could not be written', async () => {
  const stream = new FakeStream()
  const output = streamOutput(stream, 'stdout')
  stream.emit('error', failure('ENOSPC'))
  await expect(output.flush()).rejects.toMatchObject({ code: 'DISK_FULL', message: 'cannot write to stdout: no space left on the disk' })
})

test('takes a terminal without a size for 80 by 24, and follows its size', () => {
  const stream = new FakeStream()
  const output = streamOutput(stream, 'stdout')
  expect(output.size()).toEqual({ columns: 80, rows: 24 })
  const sizes: unknown[] = []
  const stop = output.onResize(() => sizes.push(output.size()))
  Object.assign(stream, { columns: 100, rows: 30 })
  stream.emit('resize')
  stop()
  stream.emit('resize')
  expect(sizes).toEqual([{ columns: 100, rows: 30 }])
})
