import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { FilesArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { readOnly } from '../../../test/read-only-folder.ts'
import type { ChecksumOptions } from './checksum.ts'
import { checksum } from './checksum.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-checksum-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function contextOf(overrides: Parameters<typeof postProcessContext>[0] = {}): ReturnType<typeof postProcessContext> {
  return postProcessContext({ directory, image: 'cow', build: 'docker', ...overrides })
}

async function artifactOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<FilesArtifact> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
  return {
    type: 'disk',
    id: 'test',
    files: Object.entries(files).map(([name, { length }]) => ({ path: join(directory, name), size: length })),
  }
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex')

describe('validation', () => {
  const messages = (options: object): string[] =>
    (checksum(options).validate?.() ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

  test.each<[ChecksumOptions]>([[{}], [{ algorithms: ['md5', 'sha512'], output: 'SUMS' }], [{ output: () => 'x' }]])(
    '%j is right',
    (options) => {
      expect(messages(options)).toEqual([])
    },
  )

  test.each([
    [{ algorithms: [] }, ['algorithms: must not be empty, not []']],
    [{ algorithms: ['sha256', 'sha256'] }, ['algorithms: must name each algorithm once, not ["sha256","sha256"]']],
    [{ algorithms: ['crc32'], output: '' }, [expect.stringContaining('algorithms.0: must be '), 'output: must not be empty, not ""']],
    [{ algorithm: 'md5' }, ["algorithm: unknown option 'algorithm'"]],
  ])('%j is wrong', (options, expected) => {
    expect(messages(options)).toEqual(expected)
  })

  test('its outputs are known, unless they come from the facts', () => {
    expect(checksum({ output: 'SUMS' }).outputs?.()).toEqual([{ path: 'SUMS', at: ['output'] }])
    expect(checksum({ output: 'SUMS', algorithms: ['md5', 'sha1'] }).outputs?.()).toEqual([
      { path: 'SUMS.md5', at: ['output'] },
      { path: 'SUMS.sha1', at: ['output'] },
    ])
    expect(checksum({ output: () => 'SUMS' }).outputs?.()).toEqual([])
    expect(checksum().outputs?.()).toEqual([])
  })
})

describe('checksums', () => {
  test('stand beside the files, and become part of the artifact', async () => {
    const input = await artifactOf({ 'out/b.img': 'two', 'out/a.img': 'one' })
    const output = await checksum().process(input, contextOf())
    const text = `${sha256('one')}  a.img\n${sha256('two')}  b.img\n`
    expect(await readFile(join(directory, 'out/cow-docker.sha256'), 'utf8')).toBe(text)
    expect(output).toEqual({
      type: 'files',
      id: 'test',
      files: [
        { path: join(directory, 'out/b.img'), size: 3, sha256: sha256('two') },
        { path: join(directory, 'out/a.img'), size: 3, sha256: sha256('one') },
        { path: join(directory, 'out/cow-docker.sha256'), size: text.length, sha256: sha256(text) },
      ],
    })
  })

  test('by several algorithms, each in a file of its own', async () => {
    const input = await artifactOf({ 'a.img': 'one' })
    await checksum({ algorithms: ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'], output: 'sums/SUMS' }).process(input, contextOf())
    for (const algorithm of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']) {
      const digest = createHash(algorithm).update('one').digest('hex')
      expect(await readFile(join(directory, `sums/SUMS.${algorithm}`), 'utf8')).toBe(`${digest}  ../a.img\n`)
    }
    expect((await readdir(join(directory, 'sums'))).length).toBe(6)
  })

  test('in the folder that all files have in common', async () => {
    const input = await artifactOf({ 'out/disks/a.img': 'one', 'out/disks2/b.img': 'two' })
    await checksum().process(input, contextOf())
    expect(await readFile(join(directory, 'out/cow-docker.sha256'), 'utf8')).toBe(
      `${sha256('one')}  disks/a.img\n${sha256('two')}  disks2/b.img\n`,
    )
  })

  test('where the facts say', async () => {
    const input = await artifactOf({ 'a.img': 'one' })
    const output = await checksum({ output: ({ buildName }) => `${buildName}.txt` }).process(input, contextOf())
    expect(output.files.at(-1)?.path).toBe(join(directory, 'docker.txt'))
    await expect(checksum({ output: () => '' }).process(input, contextOf())).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
  })

  test('replace those of the last run', async () => {
    await checksum().process(await artifactOf({ 'a.img': 'one', 'b.img': 'two' }), contextOf())
    await checksum().process(await artifactOf({ 'a.img': 'other' }), contextOf())
    expect(await readFile(join(directory, 'cow-docker.sha256'), 'utf8')).toBe(`${sha256('other')}  a.img\n`)
    expect((await readdir(directory)).toSorted()).toEqual(['a.img', 'b.img', 'cow-docker.sha256'])
  })

  test('of a large file and of an empty one, with progress to the end', async () => {
    const large = Buffer.alloc(5_000_001, 'abcdefg')
    const context = contextOf()
    const output = await checksum().process(await artifactOf({ large, empty: '' }), context)
    expect(output.files.slice(0, 2).map((file) => [file.size, file.sha256])).toEqual([
      [5_000_001, createHash('sha256').update(large).digest('hex')],
      [0, sha256('')],
    ])
    expect(context.said.events.at(-1)).toEqual({ type: 'progress', task: 'checksums', done: 5_000_001, total: 5_000_001, unit: 'bytes' })
  })
})

describe('what goes wrong', () => {
  test('an artifact without files', async () => {
    await expect(checksum().process({ type: 'files', id: 'x', files: [] }, contextOf())).rejects.toMatchObject({ code: 'INPUT_MISSING' })
  })

  test('a file that is missing, and a directory', async () => {
    for (const path of [join(directory, 'missing.img'), directory]) {
      await expect(
        checksum({ output: 'SUMS' }).process({ type: 'files', id: 'x', files: [{ path, size: 1 }] }, contextOf()),
      ).rejects.toMatchObject({
        code: 'INPUT_MISSING',
        message: expect.stringContaining(path),
      })
    }
    expect(await readdir(directory)).toEqual([])
  })

  test('a file that is not what was made', async () => {
    const input = await artifactOf({ 'a.img': 'changed' })
    const files = input.files.map((file) => ({ ...file, sha256: sha256('made') }))
    await expect(checksum().process({ ...input, files }, contextOf())).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining(`was ${sha256('made')} and is ${sha256('changed')}`),
    })
    expect(await readdir(directory)).toEqual(['a.img'])
  })

  test('an output that is one of the files', async () => {
    const input = await artifactOf({ 'a.img': 'one' })
    await expect(checksum({ output: './x/../a.img' }).process(input, contextOf())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(await readFile(join(directory, 'a.img'), 'utf8')).toBe('one')
  })

  test('an output that cannot be written', async () => {
    const input = await artifactOf({ 'a.img': 'one' })
    await mkdir(join(directory, 'folder'))
    for (const output of ['folder', 'a.img/SUMS', `${'x'.repeat(300)}/SUMS`]) {
      await expect(checksum({ output }).process(input, contextOf())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    }
    expect((await readdir(directory)).toSorted()).toEqual(['a.img', 'folder'])
  })

  test('a folder that cannot be written', async () => {
    const input = await artifactOf({ 'out/a.img': 'one' })
    await using _closed = await readOnly(join(directory, 'out'))
    await expect(checksum().process(input, contextOf())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
  })

  test('an abort in the middle leaves what was there', async () => {
    const input = await artifactOf({ 'a.img': Buffer.alloc(5_000_000), 'cow-docker.sha256': 'before' })
    const controller = new AbortController()
    const context = { ...contextOf({ signal: controller.signal }), emit: () => controller.abort() }
    await expect(checksum().process({ ...input, files: input.files.slice(0, 1) }, context)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await readFile(join(directory, 'cow-docker.sha256'), 'utf8')).toBe('before')
    expect((await readdir(directory)).toSorted()).toEqual(['a.img', 'cow-docker.sha256'])
  })
})
