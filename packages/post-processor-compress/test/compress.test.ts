import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FilesArtifact } from '@imago/core'
import { postProcessContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { CompressOptions } from '../src/compress.ts'
import { compress } from '../src/compress.ts'
import { lacks } from './lacks.ts'
import { noise } from '../../../test/noise.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-compress-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Writes files below the test's folder, and gives them as an artifact. */
async function artifactOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<FilesArtifact> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
  return {
    type: 'files',
    id: 'test',
    files: Object.keys(files).map((name) => ({ path: join(directory, name), size: files[name]?.length ?? 0 })),
  }
}

type Context = ReturnType<typeof postProcessContext>

function contextOf(overrides: Parameters<typeof postProcessContext>[0] = {}): Context {
  return postProcessContext({ directory, image: 'cow', build: 'docker', ...overrides })
}

async function compressed(
  input: FilesArtifact,
  options: CompressOptions,
  context = contextOf(),
): Promise<{ path: string; context: Context }> {
  const output = await compress(options).process(input, context)
  const [file] = output.files
  if (file === undefined || output.files.length > 1) throw new Error('one file is expected')
  const content = await readFile(file.path)
  expect(file).toEqual({ path: file.path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') })
  expect(context.resources.held).toEqual([])
  expect(await partials()).toEqual([])
  return { path: file.path, context }
}

async function partials(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.partial'))
}

/** The content of the files in an archive, by name, as the system's own tools read it. */
async function unpacked(path: string): Promise<Record<string, Buffer>> {
  const into = await mkdtemp(join(directory, 'unpacked-'))
  if (path.endsWith('.zip')) execFileSync('unzip', ['-q', '-^', path, '-d', into])
  else execFileSync('tar', ['--no-same-owner', '-xf', path, '-C', into])
  const entries = await readdir(into, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file.slice(into.length + 1), await readFile(file)])))
}

const formats = ['tar.gz', 'tar.zst', 'tar', 'zip'] as const
/** The programs that read the archives here, beside tar. Without them those tests are skipped. */
const readers = { 'tar.gz': [], 'tar.zst': ['zstd'], tar: [], zip: ['unzip'] } as const

describe.each(formats)('%s', (format) => {
  const unreadable = lacks(...readers[format])
  const unwritable = format === 'tar.zst' && unreadable

  test.skipIf(unreadable)('keeps folders below the common one, and odd names', async () => {
    const files = {
      'out/disk/one.img': 'one',
      'out/disk/two.img': noise(100_000),
      'out/notes/a "quoted" name, with\nnewline and ünïcödé': 'odd',
      'out/notes/empty': '',
      [`out/notes/${'long'.repeat(50)}`]: 'long name',
    }
    const { path } = await compressed(await artifactOf(files), { output: `cow.${format}` })
    const expected = Object.entries(files).map(([name, content]) => [name.slice('out/'.length), Buffer.from(content)] as const)
    expect(await unpacked(path)).toEqual(Object.fromEntries(expected))
  })

  test.skipIf(unreadable)('a single file is named by its base name', async () => {
    const { path } = await compressed(await artifactOf({ 'deep/er/disk.img': 'content' }), { output: `out/cow.${format}` })
    expect(Object.keys(await unpacked(path))).toEqual(['disk.img'])
  })

  test.skipIf(unreadable)('the same files make the same archive', async () => {
    const input = await artifactOf({ 'a.img': noise(3_000_000), 'b.img': Buffer.alloc(3_000_000, 'text ') })
    const first = await readFile((await compressed(input, { output: `1.${format}` })).path)
    const reversed = { ...input, files: input.files.toReversed() }
    const second = await readFile((await compressed(reversed, { output: `2.${format}` })).path)
    expect(first.equals(second)).toBe(true)
  })

  test.skipIf(unwritable)('an abort in the middle leaves nothing, and what was there before', async () => {
    const input = await artifactOf({ 'a.img': noise(8_000_000), 'b.img': Buffer.alloc(30_000_000, 'text ') })
    await writeFile(join(directory, `cow.${format}`), 'before')
    const controller = new AbortController()
    const context = contextOf({ signal: controller.signal })
    const emit: Context['emit'] = () => controller.abort()
    await expect(compress({ output: `cow.${format}` }).process(input, { ...context, emit })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await readdir(directory)).toSorted()).toEqual(['a.img', 'b.img', `cow.${format}`])
    expect(await readFile(join(directory, `cow.${format}`), 'utf8')).toBe('before')
    expect(context.resources.held).toEqual([])
  })

  test.skipIf(unwritable)('a file that becomes shorter meanwhile is an error', async () => {
    const input = await artifactOf({ 'a.img': noise(20_000_000), 'b.img': '' })
    const context = contextOf()
    let shortened = false
    const emit: Context['emit'] = () => {
      if (!shortened) truncateSync(join(directory, 'a.img'), 100)
      shortened = true
    }
    await expect(compress({ output: `cow.${format}` }).process(input, { ...context, emit })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringMatching(/a\.img' cannot be read: it became \d+ bytes shorter while it was read/),
    })
    expect(await readdir(directory)).toEqual(['a.img', 'b.img'])
  })
})

describe('gz and zst', () => {
  test('a single file', async () => {
    const content = noise(5_000_000)
    const { path } = await compressed(await artifactOf({ 'disk.img': content }), { output: 'disk.img.gz' })
    expect(execFileSync('gzip', ['-dc', path], { maxBuffer: 1 << 30 }).equals(content)).toBe(true)
  })

  test.skipIf(lacks('zstd'))('needs zstd: a single file, with zstd', async () => {
    const content = Buffer.alloc(5_000_000, noise(5000))
    const { path } = await compressed(await artifactOf({ 'disk.img': content }), { output: 'disk.img.zst', level: 20 })
    expect(execFileSync('zstd', ['-dc', path], { maxBuffer: 1 << 30 }).equals(content)).toBe(true)
  })

  test('several files are an error', async () => {
    await expect(compress({ output: 'a.gz' }).process(await artifactOf({ a: '', b: '' }), contextOf())).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'gz holds a single file, and the artifact has 2',
    })
  })
})

describe('the archive', () => {
  test('has modes and times of the files, and belongs to root', async () => {
    const input = await artifactOf({ run: '#!/bin/sh\n' })
    await chmod(join(directory, 'run'), 0o754)
    await utimes(join(directory, 'run'), 1_600_000_000, 1_600_000_000)
    const { path } = await compressed(input, { output: 'a.tgz' })
    const listing = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', path], { encoding: 'utf8' })
    expect(listing).toMatch(/^-rwxr-xr-- 0\/0 +10 2020-09-13 12:26 run\n$/)
  })

  test('holds what a symbolic link leads to', async () => {
    await artifactOf({ 'real.img': 'content' })
    await symlink('real.img', join(directory, 'link.img'))
    const { path } = await compressed(
      { type: 'files', id: 'x', files: [{ path: join(directory, 'link.img'), size: 7 }] },
      { output: 'a.tar' },
    )
    expect(await unpacked(path)).toEqual({ 'link.img': Buffer.from('content') })
  })

  test.skipIf(lacks('pigz'))('needs pigz: is read by pigz too', async () => {
    const content = Buffer.concat([noise(3_000_000), Buffer.alloc(3_000_000, 'text ')])
    const { path } = await compressed(await artifactOf({ 'a.img': content }), { output: 'a.gz' })
    execFileSync('pigz', ['-t', path])
    expect(execFileSync('pigz', ['-dc', path], { maxBuffer: 1 << 30 }).equals(content)).toBe(true)
  })

  test('is smaller at a higher level', async () => {
    const input = await artifactOf({ 'a.txt': Array.from({ length: 60_000 }, (_, n) => `${(n * 7919) % 10007} bottles\n`).join('') })
    const sizes: number[] = []
    for (const level of [0, 1, 9]) {
      const { path } = await compressed(input, { output: `${level}.tgz`, level })
      sizes.push((await stat(path)).size)
    }
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes)
    expect(new Set(sizes).size).toBe(3)
  })
})

describe('the output', () => {
  test('is called after image and build', async () => {
    expect((await compressed(await artifactOf({ a: '' }), {})).path).toBe(join(directory, 'cow-docker.tar.gz'))
    expect((await compressed(await artifactOf({ a: '' }), { format: 'zip' })).path).toBe(join(directory, 'cow-docker.zip'))
  })

  test('can be named by the facts, which are checked then', async () => {
    const input = await artifactOf({ a: 'content' })
    const { path } = await compressed(input, { output: ({ buildName }) => `out/${buildName}.tar` })
    expect(path).toBe(join(directory, 'out/docker.tar'))
    await expect(compress({ output: () => 'a.rar' }).process(input, contextOf())).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    await expect(compress({ output: () => '' }).process(input, contextOf())).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    await expect(compress({ output: () => 'a.gz', level: 12 }).process(input, contextOf())).rejects.toMatchObject({
      message: 'level: must be 0 to 9 for gz, not 12',
    })
  })

  test('replaces what was there', async () => {
    const input = await artifactOf({ a: 'content', 'cow.tar': 'before' })
    const { path } = await compressed({ ...input, files: input.files.slice(0, 1) }, { output: 'cow.tar' })
    expect(await unpacked(path)).toEqual({ a: Buffer.from('content') })
  })

  test('is none of the inputs, under no other name either', async () => {
    const input = await artifactOf({ 'a.tar': 'content' })
    await symlink('a.tar', join(directory, 'b.tar'))
    for (const output of ['a.tar', './x/../a.tar', 'b.tar']) {
      await expect(compress({ output }).process(input, contextOf())).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
        message: expect.stringContaining('it is one of the files that are to be compressed'),
      })
    }
    expect(await readFile(join(directory, 'a.tar'), 'utf8')).toBe('content')
  })

  test('is no directory, and in none that is a file', async () => {
    const input = await artifactOf({ a: 'content' })
    await mkdir(join(directory, 'folder.tar'))
    await expect(compress({ output: 'folder.tar' }).process(input, contextOf())).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('it is a directory'),
    })
    await expect(compress({ output: 'a/b.tar' }).process(input, contextOf())).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
  })

  test('progress comes to the end, and says how much there is', async () => {
    const { context } = await compressed(await artifactOf({ a: noise(5_000_000), b: '' }), { output: 'x.tar.gz' })
    const progress = context.said.events.filter((event) => event.type === 'progress')
    expect(progress.at(-1)).toEqual({ type: 'progress', task: 'compress x.tar.gz', done: 5_000_000, total: 5_000_000, unit: 'bytes' })
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).toSorted((a, b) => a - b))
  })

  test('a file that is missing is named', async () => {
    const missing: FilesArtifact = { type: 'files', id: 'x', files: [{ path: join(directory, 'missing.img'), size: 1 }] }
    await expect(compress().process(missing, contextOf())).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringContaining('missing.img'),
    })
    expect(await readdir(directory)).toEqual([])
  })

  test('a file whose links lead in a circle is named', async () => {
    await symlink('circle.img', join(directory, 'circle.img'))
    const circle: FilesArtifact = { type: 'files', id: 'x', files: [{ path: join(directory, 'circle.img'), size: 1 }] }
    await expect(compress().process(circle, contextOf())).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: expect.stringContaining('circle.img'),
    })
    expect(await readdir(directory)).toEqual(['circle.img'])
  })
})

describe('a disk that is full', () => {
  test.skipIf(lacks('root'))('needs root: is an error, and nothing is left', async () => {
    const mount = join(directory, 'small')
    await mkdir(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount])
    try {
      const input = await artifactOf({ 'a.img': noise(5_000_000) })
      for (const format of lacks('zstd') ? ['tar.gz', 'tar', 'zip'] : formats) {
        const context = contextOf()
        await expect(compress({ output: `small/a.${format}` }).process(input, context)).rejects.toMatchObject({ code: 'DISK_FULL' })
        expect(await readdir(mount)).toEqual([])
        expect(context.resources.held).toEqual([])
      }
    } finally {
      execFileSync('umount', [mount])
    }
  })
})
