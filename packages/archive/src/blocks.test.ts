import { expect, test } from 'vitest'

import { inBlocks } from './blocks.ts'

async function blocksOf(...chunks: readonly string[]): Promise<string[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
  }
  const blocks: string[] = []
  for await (const block of inBlocks(source(), 8)) blocks.push(Buffer.from(block).toString())
  return blocks
}

test.each([
  ['nothing', [], []],
  ['empty chunks', ['', ''], []],
  ['small chunks, gathered', ['a', 'b', 'c'], ['abc']],
  ['small chunks, until the block is full', 'abcdefghijk'.split(''), ['abcdefgh', 'ijk']],
  ['a large chunk, by itself', ['a', 'bcd', 'e'], ['a', 'bcd', 'e']],
  ['a chunk larger than a block, cut', ['abcdefghijklmnopqr'], ['abcdefgh', 'ijklmnop', 'qr']],
])('%s', async (_, chunks, blocks) => {
  expect(await blocksOf(...chunks)).toEqual(blocks)
})

test('a large chunk is not copied', async () => {
  const chunk = Buffer.from('abcdef')
  async function* source(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(chunk)
  }
  for await (const block of inBlocks(source(), 8)) expect(block.buffer).toBe(chunk.buffer)
})
