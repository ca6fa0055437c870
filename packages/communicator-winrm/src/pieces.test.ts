import { PassThrough, Readable } from 'node:stream'

import { expect, test } from 'vitest'

import { pieces } from './pieces.ts'

async function shown(input: Parameters<typeof pieces>[0], size: number): Promise<readonly string[]> {
  const all: string[] = []
  for await (const { bytes, isLast } of pieces(input, size)) all.push(`${Buffer.from(bytes).toString()}${isLast ? '.' : ''}`)
  return all
}

test('input is cut where it is too long, and put together where it comes in small parts', async () => {
  expect(await shown('', 3)).toEqual(['.'])
  expect(await shown('abcdefg', 3)).toEqual(['abc', 'def', 'g.'])
  expect(await shown(Buffer.from('abc'), 3)).toEqual(['abc.'])
  expect(await shown(Readable.from(['a', 'b', 'cd', 'e']), 3)).toEqual(['abc', 'de.'])
})

test('what is there goes off when no more comes', async () => {
  const input = new PassThrough()
  input.write('typed')
  const source = pieces(input, 100)
  expect(await source.next()).toMatchObject({ value: { bytes: Buffer.from('typed'), isLast: false } })
  input.end('rest')
  expect(await source.next()).toMatchObject({ value: { bytes: Buffer.from('rest'), isLast: true } })
})

test('a stream that is not read to its end is destroyed, and one that fails says so', async () => {
  const input = new PassThrough()
  input.write('x')
  for await (const _ of pieces(input, 100)) break
  expect(input.destroyed).toBe(true)
  const failing = Readable.from(
    (async function* () {
      yield 'x'
      throw new Error('broken')
    })(),
  )
  await expect(shown(failing, 100)).rejects.toThrow('broken')
})
