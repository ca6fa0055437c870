import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { describe, expect, test } from 'vitest'

import { temporaryDirectory } from '../test/fixtures.ts'
import type { OutputContent, OutputContext } from './output-file.ts'
import { partialFile, writeOutputFile } from './output-file.ts'

/** Creates and destroys as a build does; keeps no journal. */
function context(signal: AbortSignal = new AbortController().signal): OutputContext {
  return {
    signal,
    resources: {
      async acquire(request) {
        const { kind, name, data } = request
        const record = { runId: 'r', image: 'i', build: 'b', kind: kind.kind, package: kind.package, name, data }
        let held = true
        const release = async (): Promise<void> => (held ? kind.destroy(record, signal) : undefined)
        const value = await request.create(signal).catch(async (error: unknown) => {
          await release()
          throw error
        })
        const disown = async (): Promise<void> => void (held = false)
        return { value, record, release, disown, [Symbol.asyncDispose]: release }
      },
    },
  }
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('half of it'))
  throw new Error('no such luck')
}

describe('writeOutputFile', () => {
  test.each<[string, OutputContent, string]>([
    ['chunks', [Buffer.from('mo'), Buffer.from('o')], 'moo'],
    ['lists of chunks', [[Buffer.from('m'), Buffer.from('o')], [Buffer.from('o')]], 'moo'],
    ['a stream', Readable.from([Buffer.from('moo')]), 'moo'],
    ['nothing', [], ''],
    ['more than is written at once', Array.from({ length: 40 }, () => Buffer.alloc(1 << 20, 'x')), 'x'.repeat(40 << 20)],
  ])('%s', async (_, content, expected) => {
    const folder = await temporaryDirectory()
    const path = join(folder, 'new', 'file')
    const told: number[] = []
    const file = await writeOutputFile(path, content, context(), { onProgress: ({ bytes }) => told.push(bytes) })
    expect(file).toEqual({ path, size: expected.length, sha256: createHash('sha256').update(expected).digest('hex') })
    expect((await readFile(path)).equals(Buffer.from(expected))).toBe(true)
    expect(await readdir(join(folder, 'new'))).toEqual(['file'])
    expect(told).toEqual(told.toSorted((a, b) => a - b))
  })

  test('what stood there stays, and nothing else, when the content fails', async () => {
    const folder = await temporaryDirectory()
    const path = join(folder, 'file')
    await writeFile(path, 'old')
    await expect(writeOutputFile(path, failing(), context())).rejects.toThrow('no such luck')
    expect(await readdir(folder)).toEqual(['file'])
    expect(await readFile(path, 'utf8')).toBe('old')
  })

  test('a stream that never goes on ends with the signal', async () => {
    const folder = await temporaryDirectory()
    const cancel = new AbortController()
    const stream = new Readable({ read: () => setTimeout(() => cancel.abort(), 1) })
    await expect(writeOutputFile(join(folder, 'file'), stream, context(cancel.signal))).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(stream.destroyed).toBe(true)
    expect(await readdir(folder)).toEqual([])
  })

  test('a stream that has failed before it is read', async () => {
    const folder = await temporaryDirectory()
    const cancelled = AbortSignal.abort()
    const stream = new Readable().destroy(new Error('no such luck'))
    await expect(writeOutputFile(join(folder, 'file'), stream, context())).rejects.toThrow('no such luck')
    await expect(writeOutputFile(join(folder, 'file'), new Readable(), context(cancelled))).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await readdir(folder)).toEqual([])
  })

  test('says where it cannot write, and reads no more', async () => {
    const folder = await temporaryDirectory()
    await writeFile(join(folder, 'file'), '')
    const stream = Readable.from([Buffer.from('moo')])
    await expect(writeOutputFile(join(folder, 'file', 'below'), stream, context())).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(`cannot write '${folder}/file/below'`),
    })
    expect(stream.destroyed).toBe(true)
    await mkdir(join(folder, 'directory'))
    await expect(writeOutputFile(join(folder, 'directory'), [], context())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect((await readdir(folder)).toSorted()).toEqual(['directory', 'file'])
  })
})

test('what a killed run has left is removed, from its record alone', async () => {
  const path = join(await temporaryDirectory(), '.imago-x.partial')
  await writeFile(path, 'half of it')
  const record = { runId: 'r', image: 'i', build: 'b', kind: partialFile.kind, package: partialFile.package, name: path, data: { path } }
  await partialFile.destroy(record, new AbortController().signal)
  expect(existsSync(path)).toBe(false)
  await partialFile.destroy(record, new AbortController().signal)
})
