import { expect, test } from 'vitest'

import { decodeChunks } from './chunked-body.ts'

async function decoded(body: string, step: number): Promise<string> {
  const parts: Buffer[] = []
  const pieces = async function* () {
    for (let at = 0; at < body.length; at += step) yield Buffer.from(body.slice(at, at + step))
  }
  for await (const part of decodeChunks(pieces())) parts.push(part)
  return Buffer.concat(parts).toString()
}

const body = '5;chunk-signature=abc\r\nhello\r\n7\r\n, \r\n co\r\n1\r\nw\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n'

test.each([1, 2, 3, 7, 1000])('chunks that come %i bytes at a time', async (step) => {
  expect(await decoded(body, step)).toBe('hello, \r\n cow')
})

test('a body that ends too early, and one that is not in chunks', async () => {
  await expect(decoded('5\r\nhel', 3)).rejects.toMatchObject({ code: 'IncompleteBody' })
  await expect(decoded('hello\r\n', 3)).rejects.toMatchObject({ code: 'InvalidChunkSizeError' })
})
