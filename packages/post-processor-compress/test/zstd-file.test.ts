import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ArchiveEntry } from '../src/archive-entry.ts'
import { archiveEntries } from '../src/archive-entry.ts'
import { BufferPool } from '../src/buffer-pool.ts'
import { storedFrame, zstdFile } from '../src/zstd-file.ts'
import { lacks } from './lacks.ts'
import { noise } from './noise.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-zstd-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

interface Compressing {
  readonly asTar: boolean
  readonly signal?: AbortSignal
  readonly onRead?: (bytes: number) => void
  /** Called when the first bytes of the content are there. */
  readonly meanwhile?: () => Promise<void>
}

async function compressed(entry: ArchiveEntry, options: Compressing): Promise<string> {
  const reading = { pool: new BufferPool(1 << 20), onRead: options.onRead ?? (() => {}) }
  const { signal = new AbortController().signal, asTar } = options
  const parts: Uint8Array[] = []
  let isMeanwhile = false
  for await (const some of zstdFile(entry, { level: 3, threads: 2, signal, reading, asTar })) {
    parts.push(...some)
    if (!isMeanwhile && some[0] !== undefined && some[0].length > 4096) {
      isMeanwhile = true
      await options.meanwhile?.()
    }
  }
  const path = join(directory, 'output.zst')
  await writeFile(path, Buffer.concat(parts))
  return path
}

async function entryOf(name: string, content: Uint8Array): Promise<ArchiveEntry> {
  const path = join(directory, name)
  await writeFile(path, content)
  const [entry] = await archiveEntries([{ path, size: content.length }])
  if (entry === undefined) throw new Error('there is no entry')
  return entry
}

function decompressed(path: string): Buffer {
  return execFileSync('zstd', ['-dc', path], { maxBuffer: 1 << 30 })
}

const content = Buffer.concat([noise(3_000_000), Buffer.alloc(3_000_123, 'some text ')])

describe.skipIf(lacks('zstd'))('a file that the program zstd reads by itself (needs zstd)', () => {
  test('is compressed as it is', async () => {
    let read = 0
    const path = await compressed(await entryOf('disk.img', content), { asTar: false, onRead: (bytes) => (read += bytes) })
    expect(decompressed(path).equals(content)).toBe(true)
    expect(read).toBe(content.length)
  })

  test.each(['disk.img', `${'long'.repeat(50)}.img`])('is compressed as a tar archive: %s', async (name) => {
    const path = await compressed(await entryOf(name, content), { asTar: true })
    await writeFile(join(directory, 'output.tar'), decompressed(path))
    await rm(join(directory, name))
    execFileSync('tar', ['--no-same-owner', '-xf', 'output.tar'], { cwd: directory })
    expect((await readFile(join(directory, name))).equals(content)).toBe(true)
  })

  test.each([
    ['grows', (path: string) => appendFile(path, 'more')],
    ['shrinks', (path: string) => truncate(path, 5_000_000)],
  ])('that %s meanwhile is an error', async (_, change) => {
    const entry = await entryOf('disk.img', noise(30_000_000))
    await expect(compressed(entry, { asTar: true, meanwhile: () => change(entry.path) })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: `'${entry.path}' changed while it was read`,
    })
  })

  test('is let go when the signal is aborted', async () => {
    const controller = new AbortController()
    const entry = await entryOf('disk.img', noise(30_000_000))
    const meanwhile = (): Promise<void> => Promise.resolve(controller.abort())
    await expect(compressed(entry, { asTar: true, signal: controller.signal, meanwhile })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('that is gone is an error', async () => {
    const entry = await entryOf('disk.img', content)
    await rm(entry.path)
    await expect(compressed(entry, { asTar: false })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test.each([0, 1, 512, 100_000])('a frame that stores %i bytes', async (size) => {
    const path = join(directory, 'stored.zst')
    await writeFile(path, storedFrame(noise(size)))
    expect(decompressed(path).equals(noise(size))).toBe(true)
  })
})
