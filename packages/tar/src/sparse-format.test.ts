import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { TarExtent, TarFile } from './entry.ts'
import { packEntries } from './pack-entries.ts'
import { placedChunks } from './sparse-format.ts'
import { readEntries } from './tar-stream.ts'

const base = { type: 'file', name: 'disk', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const

/** Parts one behind the other, and a size that holds them. */
const holes = fc
  .array(fc.record({ gap: fc.nat(5_000_000_000), length: fc.integer({ min: 1, max: 3000 }) }), { maxLength: 60 })
  .chain((parts) => {
    let end = 0
    const extents: TarExtent[] = parts.map(({ gap, length }, index) => {
      const offset = end + gap + (index === 0 ? 0 : 1)
      end = offset + length
      return { offset, length }
    })
    return fc.nat(9_000_000_000).map((rest) => ({ extents, size: end + rest }))
  })

/** What is written where. */
async function writesOf(file: TarFile): Promise<readonly string[]> {
  const writes: string[] = []
  for await (const { chunk, offset } of placedChunks(file)) {
    for (const [index, byte] of chunk.entries()) writes.push(`${offset + index}: ${byte}`)
  }
  return writes
}

describe('a file with holes', () => {
  it('comes back as it was, however the archive is cut', async () => {
    await fc.assert(
      fc.asyncProperty(holes, fc.integer({ min: 1, max: 2000 }), async ({ extents, size }, cut) => {
        const length = extents.reduce((sum, part) => sum + part.length, 0)
        const content = Uint8Array.from({ length }, (_, index) => index % 251)
        const file: TarFile = { ...base, size, extents, content }
        const archive = await buffer(packEntries([file, { ...base, name: 'next', size: 3, content: Buffer.from('moo') }]))
        const pieces = Array.from({ length: Math.ceil(archive.length / cut) }, (_, index) =>
          archive.subarray(index * cut, (index + 1) * cut),
        )
        const read: unknown[] = []
        for await (const entry of readEntries(Readable.from(pieces), { sparse: true })) {
          if (entry.type === 'file') read.push([entry.name, entry.size, entry.extents, await writesOf(entry)])
        }
        expect(read).toEqual([
          ['disk', size, extents, await writesOf(file)],
          ['next', 3, undefined, ['0: 109', '1: 111', '2: 111']],
        ])
      }),
      { numRuns: 40 },
    )
  })

  it('is an error where it is not expected', async () => {
    const file: TarFile = { ...base, size: 10, extents: [{ offset: 2, length: 3 }], content: Buffer.from('moo') }
    const reading = async (): Promise<void> => {
      for await (const entry of readEntries(packEntries([file]))) expect(entry).toBeUndefined()
    }
    await expect(reading()).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: "cannot read the archive: 'disk' is a file with holes",
    })
  })

  it.each([
    ['beyond its end', 4, '1\n2\n3\n'],
    ['that overlap', 10, '2\n0\n2\n1\n1\n'],
    ['that are more than is stored', 10, '1\n0\n4\n'],
    ['that are no numbers', 10, '1\n-2\n3\n'],
    ['without an end', 10, '9'.repeat(512)],
  ])('is an error with parts %s', async (_, size, map) => {
    const file: TarFile = { ...base, size, extents: [{ offset: 0, length: 3 }], content: Buffer.from('moo') }
    const archive = await buffer(packEntries([file]))
    const at = archive.indexOf('2\n0\n3\n')
    archive.fill(0, at, at + 512)
    archive.write(map, at)
    const reading = async (): Promise<void> => {
      for await (const entry of readEntries(Readable.from([archive]), { sparse: true })) expect(entry).toBeUndefined()
    }
    await expect(reading()).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
  })

  it('has as many bytes as its parts', async () => {
    const file: TarFile = { ...base, size: 100, extents: [{ offset: 2, length: 4 }], content: Buffer.from('moo') }
    await expect(buffer(packEntries([file]))).rejects.toMatchObject({ message: "'disk' has fewer than the 4 bytes that were announced" })
  })
})
