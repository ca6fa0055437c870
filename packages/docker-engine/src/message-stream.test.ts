import { Readable } from 'node:stream'

import { expect, test } from 'vitest'

import { layerProgress } from './layer-progress.ts'
import { readMessages } from './message-stream.ts'

async function read(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  const messages: unknown[] = []
  for await (const message of readMessages(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))) messages.push(message)
  return messages
}

test('reads an object a line, however the lines are cut', async () => {
  const bytes = Buffer.from('{"status":"ü"}\r\n\n{"stream":"two"}')
  expect(await read(bytes.subarray(0, 12), bytes.subarray(12, 13), bytes.subarray(13))).toEqual([{ status: 'ü' }, { stream: 'two' }])
})

test('throws what the engine calls an error', async () => {
  await expect(read('{"errorDetail":{"message":"no such thing"},"error":"short"}\n')).rejects.toThrow('no such thing')
})

test('adds up the layers of a pull', () => {
  const seen: unknown[] = []
  const on = layerProgress((progress) => seen.push(progress))
  on({ status: 'Pulling from library/cow', id: '1' })
  on({ status: 'Downloading', id: 'a', progressDetail: { current: 10, total: 100 } })
  on({ status: 'Downloading', id: 'b', progressDetail: { current: 5, total: 50 } })
  on({ status: 'Download complete', id: 'a' })
  on({ status: 'Pull complete', id: 'a' })
  expect(seen).toEqual([
    { bytes: 10, total: 100 },
    { bytes: 15, total: 150 },
    { bytes: 105, total: 150 },
  ])
})
