import { describe, expect, test } from 'vitest'

import type { WriteBytes } from './descriptor-writer.ts'
import { DescriptorWriter } from './descriptor-writer.ts'

interface Pipe {
  readonly writeBytes: WriteBytes
  readonly text: () => string
  /** How much it takes before it is full. */
  room: number
}

/** A pipe whose reader takes as much as `room` says, at most 10 bytes at once. */
function pipe(room: number): Pipe {
  let text = ''
  const self: Pipe = {
    room,
    text: () => text,
    writeBytes(bytes) {
      if (self.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
      const taken = bytes.subarray(0, Math.min(self.room, 10))
      self.room -= taken.length
      text += Buffer.from(taken).toString()
      return taken.length
    },
  }
  return self
}

describe('DescriptorWriter', () => {
  test('writes at once what the reader takes', () => {
    const { writeBytes, text } = pipe(Infinity)
    new DescriptorWriter(writeBytes).write('a longer text than ten bytes')
    expect(text()).toBe('a longer text than ten bytes')
  })

  test('goes on, in order, when there is room again', async () => {
    const slow = pipe(4)
    const writer = new DescriptorWriter(slow.writeBytes)
    writer.write('abcdef')
    writer.write('ghi')
    expect(slow.text()).toBe('abcd')
    slow.room = Infinity
    await writer.flush()
    writer.write('jkl')
    expect(slow.text()).toBe('abcdefghijkl')
  })

  test('makes the writer wait for a reader that is far behind, but not for ever', async () => {
    const stuck = pipe(0)
    const writer = new DescriptorWriter(stuck.writeBytes)
    const began = performance.now()
    writer.write('x'.repeat(1_000_000))
    expect(performance.now() - began).toBeLessThan(400)
    writer.write('x')
    expect(performance.now() - began).toBeGreaterThan(490)
    stuck.room = Infinity
    await writer.flush()
    expect(stuck.text()).toHaveLength(1_000_001)
  })

  test('stops at the first error', async () => {
    let calls = 0
    const writer = new DescriptorWriter(() => {
      calls++
      throw Object.assign(new Error('nobody reads'), { code: 'EPIPE' })
    })
    writer.write('a')
    writer.write('b')
    await writer.flush()
    expect([calls, writer.failure]).toEqual([1, expect.objectContaining({ code: 'EPIPE' })])
  })
})
