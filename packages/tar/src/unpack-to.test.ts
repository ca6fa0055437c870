import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

import { makeDirectories, temporaryFolder, treeOf } from '../test/tree.ts'
import type { TarEntry } from './entry.ts'
import { packEntries } from './pack-entries.ts'
import { packPath } from './pack-path.ts'
import { unpackTo } from './unpack-to.ts'

const base = { mode: 0o644, uid: 0, gid: 0, mtime: 1e9 }
const file = (name: string | Uint8Array, text = 'moo', mode = 0o644): TarEntry => ({
  ...base,
  type: 'file',
  name,
  mode,
  size: Buffer.byteLength(text),
  content: Buffer.from(text),
})
const directory = (name: string, mode = 0o755): TarEntry => ({ ...base, type: 'directory', name, mode })
const symbolic = (name: string, linkName: string): TarEntry => ({ ...base, type: 'symlink', name, linkName })
const hard = (name: string, linkName: string): TarEntry => ({ ...base, type: 'hardlink', name, linkName })

describe('unpackTo', () => {
  let folder: string
  let out: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    out = join(folder, 'out')
  })

  it('writes what packPath packed', async () => {
    const source = join(folder, 'source')
    await makeDirectories(source, 'a/b', 'empty')
    await writeFile(join(source, 'a', 'run.sh'), 'moo', { mode: 0o755 })
    await writeFile(join(source, 'big'), 'x'.repeat(200_000))
    await writeFile(Buffer.from([...Buffer.from(`${source}/`), 0xff]), 'moo')
    await symlink('../nowhere', join(source, 'a', 'link'))
    const progress: number[] = []
    await unpackTo(packPath(source, { name: 'srv/site' }), out, { stripName: 'srv/site', onProgress: ({ bytes }) => progress.push(bytes) })
    expect(await treeOf(out)).toEqual(await treeOf(source))
    expect(progress.at(-1)).toBe(200_006)
    expect((await stat(join(out, 'big'))).mtimeMs).toBe(Math.floor((await stat(join(source, 'big'))).mtimeMs / 1000) * 1000)
  })

  it('round-trips any tree', async () => {
    const name = fc.stringMatching(/^[A-Za-z "'\n\\é*-]{1,12}$/)
    const content = fc.oneof(fc.string(), fc.constant('x'.repeat(70_000)))
    const tree: fc.Arbitrary<Map<string, string>> = fc
      .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), content), { maxLength: 12 })
      .map(
        (files) =>
          new Map(
            files.map(([path, text]) => [path.map((part, depth) => (depth === path.length - 1 ? `f${part}` : `d${part}`)).join('/'), text]),
          ),
      )
    let round = 0
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const [source, target] = [join(folder, `s${++round}`), join(folder, `t${round}`)]
        await mkdir(source)
        for (const [path, text] of files) {
          await makeDirectories(source, join(path, '..'))
          await writeFile(join(source, path), text)
        }
        await unpackTo(packPath(source, { name: 'x' }), target, { stripName: 'x' })
        expect(await treeOf(target)).toEqual(await treeOf(source))
      }),
      { numRuns: 25 },
    )
  })

  it('puts a file at exactly the destination, whatever it is called', async () => {
    await unpackTo(packEntries([file('hosts', 'moo', 0o600)]), join(out, 'deep', 'my-hosts'), { stripName: 'hosts' })
    expect(await treeOf(out)).toEqual(['d755 deep', 'f600 deep/my-hosts: moo'])
    await unpackTo(packEntries([file('hosts', 'boo')]), join(out, 'deep', 'my-hosts'), { stripName: 'hosts' })
    expect(await treeOf(out)).toEqual(['d755 deep', 'f644 deep/my-hosts: boo'])
  })

  it("puts a directory's content beside what is there", async () => {
    await makeDirectories(out, 'd')
    await writeFile(join(out, 'kept'), 'old')
    await writeFile(join(out, 'd', 'f'), 'old', { mode: 0o600 })
    await unpackTo(
      packEntries([directory('./', 0o700), directory('./d', 0o711), file('./d/f', 'new'), directory('./e', 0o555), file('e/f')]),
      out,
    )
    expect(await treeOf(out)).toEqual(['d555 e', 'd711 d', 'f644 d/f: new', 'f644 e/f: moo', 'f644 kept: old'])
    expect((await stat(out)).mode & 0o777).toBe(0o755)
  })

  it('gives a new destination its mode, and makes one for an empty archive', async () => {
    await unpackTo(packEntries([directory('x', 0o700)]), out, { stripName: 'x' })
    expect((await stat(out)).mode & 0o777).toBe(0o700)
    await unpackTo(packEntries([]), join(folder, 'empty'))
    expect(await treeOf(join(folder, 'empty'))).toEqual([])
  })

  it('keeps links, hard ones too, and takes the last of a name', async () => {
    await unpackTo(
      packEntries([file('x/a', 'one'), file('x/a', 'two'), hard('x/b', 'x/a'), symbolic('x/c', 'a'), symbolic('x/c', 'b')]),
      out,
      {
        stripName: 'x',
      },
    )
    expect(await treeOf(out)).toEqual(['f644 a: two', 'f644 b: two', 'l c -> b'])
    expect((await stat(join(out, 'a'))).ino).toBe((await stat(join(out, 'b'))).ino)
  })

  it('drops the bits that hand on rights', async () => {
    await unpackTo(packEntries([file('sudo', '', 0o6755), directory('tmp', 0o1777)]), out)
    expect(await treeOf(out)).toEqual(['d1777 tmp', 'f755 sudo: '])
  })

  it('refuses pipes and devices, or leaves them out', async () => {
    const fifo: TarEntry = { ...base, type: 'fifo', name: 'pipe', major: 0, minor: 0 }
    await expect(unpackTo(packEntries([fifo]), out)).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    const skipped: string[] = []
    await unpackTo(packEntries([fifo, file('f')]), out, { onSkip: (...what) => skipped.push(what.join(' ')) })
    expect(skipped).toEqual(['pipe named pipe'])
    expect(await treeOf(out)).toEqual(['f644 f: moo'])
  })

  describe('writes nothing outside the destination', () => {
    it.each([
      ['a parent', [file('../evil')]],
      ['a parent further in', [file('a/../../evil')]],
      ['an absolute path', [file('/tmp/evil')]],
      ['a hard link to the outside', [hard('a', '../secret')]],
      ['a hard link to an absolute path', [hard('a', '/etc/passwd')]],
      ['a hard link through a symbolic one', [symbolic('a', '..'), hard('b', 'a/secret')]],
      ['a hard link to a symbolic one', [symbolic('a', '../secret'), hard('b', 'a')]],
      ['a hard link to nothing', [hard('b', 'nothing')]],
      ['another name', [file('other/evil')]],
    ])('through %s', async (_, entries) => {
      await writeFile(join(folder, 'secret'), 'secret')
      const before = await treeOf(folder)
      const stripName = entries[0]?.name === 'other/evil' ? 'x' : ''
      await expect(unpackTo(packEntries(entries), out, { stripName })).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
      expect((await treeOf(folder)).filter((line) => !/ out(?:$|\/)/.test(line))).toEqual(before)
    })

    it('through a symbolic link, of the archive or from before', async () => {
      await makeDirectories(folder, 'outside', 'out')
      await writeFile(join(folder, 'outside', 'f'), 'old')
      await symlink('../outside', join(out, 'before'))
      await symlink('../outside/f', join(out, 'file'))
      await unpackTo(
        packEntries([symbolic('link', '../outside'), file('link/f'), file('before/f'), file('file'), directory('link/d')]),
        out,
      )
      expect(await treeOf(join(folder, 'outside'))).toEqual(['f644 f: old'])
      expect(await treeOf(out)).toEqual([
        'd755 before',
        'd755 link',
        'd755 link/d',
        'f644 before/f: moo',
        'f644 file: moo',
        'f644 link/f: moo',
      ])
    })

    it('through a hard link to what was there before', async () => {
      await makeDirectories(folder, 'out')
      await writeFile(join(out, 'mine'), 'mine')
      await unpackTo(packEntries([hard('theirs', 'mine'), file('theirs', 'changed')]), out)
      expect(await readFile(join(out, 'mine'), 'utf8')).toBe('mine')
    })

    it('whatever the names', async () => {
      const evil = fc
        .array(fc.constantFrom('..', '.', '', 'a', 'b', 'out', 'outside'), { minLength: 1, maxLength: 5 })
        .map((parts) => parts.join('/'))
      const entry = fc.oneof(
        evil.map((name) => file(name || 'x')),
        evil.map((name) => directory(name || 'x')),
        fc.tuple(evil, evil).map(([name, target]) => symbolic(name || 'x', target || 'x')),
        fc.tuple(evil, evil).map(([name, target]) => hard(name || 'x', target || 'x')),
      )
      let round = 0
      await fc.assert(
        fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
          const place = join(folder, `r${++round}`)
          await makeDirectories(place, 'outside', 'out')
          const [outcome] = await Promise.allSettled([unpackTo(packEntries(entries), join(place, 'out'))])
          expect(outcome.status === 'fulfilled' || ['TRANSFER_FAILED', 'OUTPUT_UNWRITABLE'].includes(outcome.reason.code)).toBe(true)
          expect((await treeOf(place)).filter((line) => !line.includes(' out/'))).toEqual(['d755 out', 'd755 outside'])
        }),
        { numRuns: 60 },
      )
    })
  })

  it('leaves no half file when the archive ends early or something else fails', async () => {
    const archive = await buffer(packEntries([file('f', 'x'.repeat(100_000))]))
    await expect(unpackTo(Readable.from([archive.subarray(0, 50_000)]), join(out, 'f'), { stripName: 'f' })).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: 'cannot read the archive: Unexpected end of data',
    })
    const failing = Readable.from(
      (async function* () {
        yield archive.subarray(0, 50_000)
        throw new Error('the connection broke')
      })(),
    )
    await expect(unpackTo(failing, join(out, 'f'), { stripName: 'f' })).rejects.toThrow('the connection broke')
    const controller = new AbortController()
    const hanging = Readable.from(
      (async function* () {
        yield archive.subarray(0, 50_000)
        controller.abort()
        await new Promise(() => undefined)
      })(),
    )
    await expect(unpackTo(hanging, join(out, 'f'), { stripName: 'f', signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(await treeOf(folder)).toEqual(['d755 out'])
  })

  it('refuses what is no archive, or not the expected one', async () => {
    await expect(unpackTo(Readable.from([Buffer.from('moo'.repeat(500))]), out)).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await expect(unpackTo(packEntries([]), out, { stripName: 'x' })).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: "the archive holds no 'x'",
    })
  })

  it('says what is in the way', async () => {
    await writeFile(out, '')
    await expect(unpackTo(packEntries([file('a')]), out)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    await makeDirectories(folder, 'taken/a')
    await expect(unpackTo(packEntries([file('a')]), join(folder, 'taken'))).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(await treeOf(join(folder, 'taken'))).toEqual(['d755 a'])
  })
})
