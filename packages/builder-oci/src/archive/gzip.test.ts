import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { gzip } from './gzip.ts'

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

const mixed = Buffer.concat([Buffer.alloc(1_500_000, 'cow'), randomBytes(700_000), Buffer.alloc(3_000_000)])

describe('gzip', () => {
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['exactly a block', Buffer.alloc(1 << 20, 'x')],
    ['several blocks', mixed],
  ] as const) {
    it(`compresses ${what}`, async () => {
      const compressed = await buffer(gzip(inChunks(bytes, 100_000)))
      expect(gunzipSync(compressed).equals(bytes)).toBe(true)
    })
  }

  it('gives the same bytes, however its input is cut', async () => {
    const results = await Promise.all([777, 1 << 20, 5_000_000].map((size) => buffer(gzip(inChunks(mixed, size)))))
    expect(results[1]?.equals(results[0] ?? Buffer.alloc(0))).toBe(true)
    expect(results[2]?.equals(results[0] ?? Buffer.alloc(0))).toBe(true)
  })

  it('fails as its input does', async () => {
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(mixed)
      throw new Error('broken')
    })()
    await expect(buffer(gzip(broken))).rejects.toThrow('broken')
  })
})
