import { execFileSync } from 'node:child_process'

import { describe, expect, test } from 'vitest'

import { BufferPool } from '../src/buffer-pool.ts'
import type { Parts } from '../src/output-file.ts'
import { zstdProgram } from '../src/zstd-program.ts'
import { zstd, zstdFrames } from '../src/zstd.ts'
import { lacks } from './lacks.ts'
import { noise } from './noise.ts'

const content = Buffer.concat([noise(3_000_000), Buffer.alloc(3_000_000, 'some text ')])
const options = { level: 3, threads: 2, signal: new AbortController().signal }

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

/** One frame, by the program: stands for Node's own zstd, which not every Node has. */
function frameOf(block: Uint8Array): Promise<Uint8Array> {
  return Promise.resolve(execFileSync('zstd', ['-q', '-c'], { input: block, maxBuffer: 1 << 30 }))
}

describe.skipIf(lacks('zstd'))('zstd (needs zstd)', () => {
  test.each([1 << 20, 10 << 20])('frames of %i bytes, one after another', async (size) => {
    const pool = new BufferPool(size)
    const frames = await joined(zstdFrames(chunksOf(content, pool), frameOf, { ...options, pool }))
    expect(decompressed(frames).equals(content)).toBe(true)
  })

  test('nothing is a frame of its own', async () => {
    const pool = new BufferPool(1 << 20)
    const frames = await joined(zstdFrames(chunksOf(Buffer.alloc(0), pool), frameOf, { ...options, pool }))
    expect(frames.length).toBeGreaterThan(0)
    expect(decompressed(frames).length).toBe(0)
  })

  test.each([1, 3, 20])('the program, at level %i', async (level) => {
    const pool = new BufferPool(1 << 18)
    const compressed = await joined(zstdProgram({ source: chunksOf(content, pool) }, { ...options, pool, level }))
    expect(decompressed(compressed).equals(content)).toBe(true)
  })

  test('whatever this Node has', async () => {
    const pool = new BufferPool(1 << 18)
    expect(decompressed(await joined(zstd(chunksOf(content, pool), { ...options, pool }))).equals(content)).toBe(true)
  })
})

describe('the program', () => {
  test('that is not there is missed before anything is read', async () => {
    let read = false
    async function* source(): AsyncGenerator<Uint8Array> {
      read = true
      yield await Promise.resolve(content)
    }
    const compressed = joined(zstdProgram({ source: source() }, { ...options, pool: new BufferPool(1) }, 'no-such-zstd'))
    await expect(compressed).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      hint: "install zstd, use Node 22.15 or newer, or give the output a name that ends in '.tar.gz'",
    })
    expect(read).toBe(false)
  })

  test('that fails is an error, with what it said', async () => {
    const pool = new BufferPool(1 << 18)
    await expect(joined(zstdProgram({ source: chunksOf(content, pool) }, { ...options, pool }, 'ls'))).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^zstd failed: .*ls: /),
    })
  })

  test.skipIf(lacks('zstd'))('takes along the error of what it reads', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(content)
      throw new Error('no such luck')
    }
    await expect(joined(zstdProgram({ source: broken() }, { ...options, pool: new BufferPool(1) }))).rejects.toThrow('no such luck')
  })
})
