import { execFileSync } from 'node:child_process'

import { describe, expect, test } from 'vitest'

import { noise } from '../../../test/noise.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { BufferPool } from '../src/buffer-pool.ts'
import type { Parts } from '../src/parts.ts'
import { nativeZstd } from '../src/native-zstd.ts'
import { zstd } from '../src/zstd.ts'

const skipped = reasonToSkip({ zstd: 'zstd --version' })
const content = Buffer.concat([noise(3_000_000), Buffer.alloc(3_000_000, 'some text ')])
const options = { level: 3, threads: 2 }

/** The content in the buffers of a pool, and when somebody reads on, whether the pool got them back. */
async function* chunksOf(data: Uint8Array, pool: BufferPool): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < data.length; from += pool.size) {
    const part = data.subarray(from, from + pool.size)
    const buffer = await Promise.resolve(pool.take())
    buffer.fill(0).set(part)
    yield buffer.subarray(0, part.length)
  }
}

async function joined(compressed: AsyncIterable<Parts>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const some of compressed) parts.push(...some.map((part) => Buffer.from(part)))
  return Buffer.concat(parts)
}

function decompressed(frames: Uint8Array): Buffer {
  return execFileSync('zstd', ['-dc'], { input: frames, maxBuffer: 1 << 30 })
}

describe.skipIf(skipped !== '')(`zstd (read back by the program zstd)${skipped}`, () => {
  test.each([
    { level: 1, size: 1 << 18 },
    { level: 2, size: 1 << 20 },
    { level: 20, size: 10 << 20 },
  ])('level $level, frames of $size bytes, one after another', async ({ level, size }) => {
    const pool = new BufferPool(size)
    const frames = await joined(zstd(chunksOf(content, pool), { level, threads: 2, pool }))
    expect(decompressed(frames).equals(content)).toBe(true)
  })

  test('nothing is a frame of its own', async () => {
    const pool = new BufferPool(1 << 20)
    const frames = await joined(zstd(chunksOf(Buffer.alloc(0), pool), { ...options, pool }))
    expect(frames.length).toBeGreaterThan(0)
    expect(decompressed(frames).length).toBe(0)
  })

  test("the native package's frames are like those of any zstd", async () => {
    const compressFrame = await nativeZstd(3)
    expect(decompressed(await compressFrame(content)).equals(content)).toBe(true)
  })
})

test('an error of what is read is passed on', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(content)
    throw new Error('no such luck')
  }
  await expect(joined(zstd(broken(), { ...options, pool: new BufferPool(1 << 20) }))).rejects.toThrow('no such luck')
})
