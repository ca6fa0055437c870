import { Duplex } from 'node:stream'

import { expect, test } from 'vitest'

import { readFrames } from './frames.ts'

function frame(stream: number, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

test.each([1, 3, 8, 1000])('takes frames apart in chunks of %d bytes', async (size) => {
  const bytes = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(1, 'x'.repeat(50))])
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
  const seen = { stdout: '', stderr: '' }
  await readFrames(Duplex.from(chunks), (stream, chunk) => void (seen[stream] += Buffer.from(chunk).toString()))
  expect(seen).toEqual({ stdout: `out${'x'.repeat(50)}`, stderr: 'err' })
})

test('a connection that breaks is at its end', async () => {
  const connection = new Duplex({ read: () => {} })
  const ended = readFrames(connection, () => {})
  connection.destroy(new Error('broken'))
  await expect(ended).resolves.toBeUndefined()
})
