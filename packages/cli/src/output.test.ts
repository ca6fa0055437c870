import { EventEmitter } from 'node:events'

import { expect, test } from 'vitest'

import { DescriptorWriter } from './descriptor-writer.ts'
import type { Output } from './output.ts'
import { streamOutput } from './output.ts'

class FakeStream extends EventEmitter {
  readonly isTTY: boolean
  columns = 0
  rows = 0
  readonly written: string[] = []

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  write(text: string): boolean {
    this.written.push(text)
    return true
  }
}

function terminal(): { stream: FakeStream; output: Output } {
  const stream = new FakeStream(true)
  return { stream, output: streamOutput(stream, 'stdout', new DescriptorWriter(() => 0)) }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test('writes past the stream where it is no terminal', async () => {
  const [stream, written] = [new FakeStream(false), [] as string[]]
  const writer = new DescriptorWriter((bytes) => {
    written.push(Buffer.from(bytes).toString())
    return bytes.length
  })
  const output = streamOutput(stream, 'stdout', writer)
  output.write('a')
  output.write('')
  await output.flush()
  expect([output.isTerminal, stream.written, written]).toEqual([false, [], ['a']])
})

test('drops what nobody reads any more, without a word', async () => {
  const { stream, output } = terminal()
  output.write('a')
  stream.emit('error', failure('EIO'))
  output.write('b')
  await output.flush()
  expect(stream.written).toEqual(['a'])
})

test('says when something could not be written', async () => {
  const writer = new DescriptorWriter(() => {
    throw failure('ENOSPC')
  })
  const output = streamOutput(new FakeStream(false), 'stdout', writer)
  output.write('a')
  await expect(output.flush()).rejects.toMatchObject({ code: 'DISK_FULL', message: 'cannot write to stdout: no space left on the disk' })
})

test('takes a terminal without a size for 80 by 24, and follows its size', () => {
  const { stream, output } = terminal()
  expect(output.size()).toEqual({ columns: 80, rows: 24 })
  const sizes: unknown[] = []
  const stop = output.onResize(() => sizes.push(output.size()))
  Object.assign(stream, { columns: 100, rows: 30 })
  stream.emit('resize')
  stop()
  stream.emit('resize')
  expect(sizes).toEqual([{ columns: 100, rows: 30 }])
})
