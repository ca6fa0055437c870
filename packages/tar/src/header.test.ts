import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { TarEntry, TarFile } from './entry.ts'
import { encodeHeader } from './header.ts'
import { packEntries } from './pack-entries.ts'
import { readEntries } from './tar-stream.ts'

const file: TarFile = { type: 'file', name: 'a', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, content: new Uint8Array() }

const bytesOf = (name: string | Uint8Array): string => Buffer.from(name).toString('latin1')

/** Entries as they come back, content and names in a form that compares. */
async function roundTrip(entries: readonly TarEntry[]): Promise<unknown[]> {
  const archive = await buffer(packEntries(entries))
  const read: unknown[] = []
  for await (const entry of readEntries(Readable.from([archive]))) read.push(await comparable(entry))
  return read
}

async function comparable(entry: TarEntry): Promise<unknown> {
  return {
    ...entry,
    name: bytesOf(entry.name).replace(/\/$/, ''),
    ...(entry.type === 'file' && { content: bytesOf(entry.content instanceof Uint8Array ? entry.content : await buffer(entry.content)) }),
    ...('linkName' in entry && { linkName: bytesOf(entry.linkName) }),
  }
}

// Any bytes but zero and slash, joined by slashes: POSIX allows no more.
const part = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x41 : byte))))
const name = fc.oneof(
  fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => Buffer.from(parts.map((one) => one.toString('latin1')).join('/'), 'latin1')),
  fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }).map((text) => text.replaceAll(/[\0/]/g, 'x')),
)
const base = {
  name,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.nat(0o7777777), fc.integer({ min: 0, max: 0xffffffff })),
  gid: fc.integer({ min: 0, max: 0xffffffff }),
  mtime: fc.integer({ min: -(2 ** 33), max: 2 ** 40 }),
}
const entry: fc.Arbitrary<TarEntry> = fc.oneof(
  fc.record({ ...base, type: fc.constant('directory' as const) }),
  fc.record({ ...base, type: fc.constantFrom('symlink' as const, 'hardlink' as const), linkName: name }),
  fc
    .record({ ...base, content: fc.uint8Array({ maxLength: 2000 }) })
    .map((one) => ({ ...one, type: 'file' as const, size: one.content.length })),
  fc.record({ ...base, type: fc.constantFrom('block-device' as const, 'fifo' as const), major: fc.nat(255), minor: fc.nat(255) }),
)

describe('encodeHeader', () => {
  it('loses nothing of names that look as if they were lost', async () => {
    const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
    const named = ['\uFFFD', '\uFFFD'.repeat(50)].map((text): TarEntry => ({ ...common, name: text, type: 'directory' }))
    const links = ['\uFFFD', '\uFFFD'.repeat(50)].map((text): TarEntry => ({ ...common, name: 'a', type: 'symlink', linkName: text }))
    const entries = [...named, ...links]
    expect(await roundTrip(entries)).toEqual(await Promise.all(entries.map(comparable)))
  })

  it('loses nothing of any entry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        expect(await roundTrip(entries)).toEqual(await Promise.all(entries.map(comparable)))
      }),
      { numRuns: 200 },
    )
  })

  it('writes sizes beyond 8 GB', async () => {
    const size = 10 * 1024 ** 3
    const archive = Readable.from([encodeHeader({ ...file, size })])
    for await (const read of readEntries(archive)) {
      expect(read).toMatchObject({ type: 'file', size })
      break
    }
  })

  it('needs one block for what ustar can say', () => {
    expect(encodeHeader({ ...file, name: `${'d/'.repeat(70)}${'n'.repeat(99)}`, mtime: 1_700_000_000 })).toHaveLength(512)
    expect(encodeHeader({ ...file, name: 'n'.repeat(101) }).length).toBeGreaterThan(512)
  })
})
