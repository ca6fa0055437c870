import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { noise } from '../../../test/noise.ts'
import { BufferPool } from './buffer-pool.ts'
import { gzip } from './gzip.ts'

interface Gzipping {
  readonly level?: number
  readonly blockSize?: number
}

async function gzipped(chunks: readonly Uint8Array[], { level, blockSize = 1 << 20 }: Gzipping = {}): Promise<Buffer> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  }
  const parts: Uint8Array[] = []
  const options = { threads: 2, pool: new BufferPool(blockSize), ...(level !== undefined && { level }) }
  for await (const some of gzip(source(), options)) parts.push(...some.map((part) => Uint8Array.from(part)))
  return Buffer.concat(parts)
}

test('any bytes, cut into any chunks, come back', async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.integer({ min: 0, max: 200_000 }).map((size) => noise(size)),
    fc.integer({ min: 0, max: 200_000 }).map((size) => Buffer.alloc(size, 'some text ')),
  )
  const levels = fc.constantFrom(undefined, 0, 1, 6, 9)
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { maxLength: 8 }),
      levels,
      fc.constantFrom(1000, 65_536, 300_000),
      async (chunks, level, blockSize) => {
        const result = await gzipped(chunks, { blockSize, ...(level !== undefined && { level }) })
        expect(gunzipSync(result).equals(Buffer.concat(chunks))).toBe(true)
      },
    ),
    { numRuns: 60, seed: 1 },
  )
})

test('the same input gives the same bytes', async () => {
  const chunks = [noise(500_000), Buffer.alloc(3_000_000, 'some text ')]
  expect((await gzipped(chunks)).equals(await gzipped(chunks))).toBe(true)
})

test('nothing is a member of its own', async () => {
  expect(gunzipSync(await gzipped([])).length).toBe(0)
  expect((await gzipped([])).length).toBe(20)
})

test('what does not compress is stored: five bytes more for each 64 KiB, at any level', async () => {
  const data = noise(4 << 20)
  const overhead = 20 + 5 * 16 * 5
  for (const level of [undefined, 1, 9]) {
    const result = await gzipped([data], level === undefined ? {} : { level })
    expect(result.length).toBeGreaterThan(data.length)
    expect(result.length).toBeLessThanOrEqual(data.length + overhead)
  }
})

test('noise in the middle of a block does not keep the rest from being deflated', async () => {
  const data = Buffer.concat([Buffer.alloc(1 << 20, 'some text '), noise(1 << 19), Buffer.alloc(1 << 19, 'some text ')])
  const result = await gzipped([data], { blockSize: 2 << 20 })
  expect(result.length).toBeLessThan((1 << 19) + 20_000)
  expect(gunzipSync(result).equals(data)).toBe(true)
})

test('runs of zeros, long and short, come back', async () => {
  const data = Buffer.alloc(9 << 20)
  for (const at of [5 << 20, (7 << 20) + 12_345]) data.set(Buffer.alloc(70_000, 'text'), at)
  const result = await gzipped([data], { blockSize: 2 << 20 })
  expect(result.length).toBeLessThan(50_000)
  expect(gunzipSync(result).equals(data)).toBe(true)
})

test('gives buffers back to the pool, and reads them no more', async () => {
  const pool = new BufferPool(1 << 16)
  const taken = new Set<ArrayBufferLike>()
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 50; n++) {
      const buffer = pool.take().fill(n)
      taken.add(buffer.buffer)
      yield await Promise.resolve(buffer)
    }
  }
  const parts: Buffer[] = []
  for await (const some of gzip(source(), { threads: 2, pool })) parts.push(...some.map((part) => Buffer.from(part)))
  const expected = Buffer.concat(Array.from({ length: 50 }, (_, n) => Buffer.alloc(1 << 16, n)))
  expect(gunzipSync(Buffer.concat(parts)).equals(expected)).toBe(true)
  expect(taken.size).toBeLessThanOrEqual(8)
})
