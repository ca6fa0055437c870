import { buffer } from 'node:stream/consumers'

import { describe, expect, it } from 'vitest'

import type { TarFile } from './entry.ts'
import { packEntries } from './pack-entries.ts'

const file = (size: number, content: TarFile['content']): TarFile => ({
  type: 'file',
  name: 'moo',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  size,
  content,
})

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield Buffer.from(text)
}

describe('packEntries', () => {
  it('ends an empty archive', async () => {
    expect((await buffer(packEntries([]))).equals(Buffer.alloc(1024))).toBe(true)
  })

  it.each([
    ['more', file(3, pieces('mo', 'oo'))],
    ['fewer', file(5, pieces('mo', 'oo'))],
    ['fewer', file(5, Buffer.from('moo'))],
  ])('fails when a file has %s bytes than announced', async (word, entry) => {
    await expect(buffer(packEntries([entry]))).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: `'moo' has ${word} than the ${entry.size} bytes that were announced`,
    })
  })

  it('tells how much content has left', async () => {
    const seen: number[] = []
    await buffer(packEntries([file(4, pieces('mo', 'oo')), file(3, Buffer.from('moo'))], { onContent: (bytes) => seen.push(bytes) }))
    expect(seen).toEqual([2, 4, 7])
  })

  it('ends what goes on when the signal says so', async () => {
    const controller = new AbortController()
    const endless = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.alloc(10)
      controller.abort()
      await new Promise(() => undefined)
    }
    await expect(buffer(packEntries([file(20, endless())], { signal: controller.signal }))).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(buffer(packEntries([], { signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
