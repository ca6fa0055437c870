import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

import { packPath, tarIndex, unpackTo } from '../src/index.ts'
import { reasonToSkip } from '../../../test/requirement.ts'
import { temporaryFolder, treeOf } from './tree.ts'

const run = promisify(execFile)
const skip = reasonToSkip({ 'gnu-tar': 'tar --version | grep GNU' })

/** A tree with all that is hard about trees. */
async function hardTree(folder: string): Promise<void> {
  const deep = join(folder, 'deep '.repeat(20), 'é'.repeat(60), 'x'.repeat(120))
  await mkdir(deep, { recursive: true })
  await mkdir(join(folder, 'empty'), { mode: 0o711 })
  await writeFile(join(deep, `a 'b' "c"\nd`), 'moo', { mode: 0o640 })
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.alloc(150, 0xff)]), 'not UTF-8')
  await symlink('y'.repeat(150), join(folder, 'far'))
  await symlink('.', join(folder, 'loop'))
  await writeFile(join(folder, 'big'), Buffer.alloc(2_000_000, 'moo '))
}

/** A file of holes, apart from a word at some places. */
async function holey(path: string, size: number, places: readonly number[]): Promise<void> {
  const handle = await open(path, 'w')
  await handle.truncate(size)
  for (const place of places) await handle.write('moo!', place)
  await handle.close()
}

describe.skipIf(skip !== '')(`beside GNU tar${skip}`, () => {
  it('packs what GNU tar unpacks', async () => {
    const folder = await temporaryFolder()
    const [source, target, archive] = ['source', 'target', 'a.tar'].map((name) => join(folder, name)) as [string, string, string] // three in, three out
    await hardTree(source)
    await mkdir(target)
    await pipeline(packPath(source, { name: '' }), createWriteStream(archive))
    const { stderr } = await run('tar', ['-xpf', archive, '-C', target])
    expect(stderr).toBe('')
    expect(await treeOf(target)).toEqual(await treeOf(source))
  })

  it.each(['gnu', 'ustar', 'v7', 'pax'])('unpacks what GNU tar packs as %s', async (format) => {
    const folder = await temporaryFolder()
    const source = join(folder, 'source')
    await (format === 'gnu' ? hardTree(source) : mkdir(join(source, 'd'), { recursive: true }))
    await writeFile(join(source, 'plain'), 'moo')
    await run('tar', ['-cf', join(folder, 'a.tar'), `--format=${format}`, '-C', folder, 'source'])
    await unpackTo(createReadStream(join(folder, 'a.tar')), join(folder, 'target'), { stripName: 'source' })
    expect(await treeOf(join(folder, 'target'))).toEqual(await treeOf(source))
  })

  it.each(['gnu', 'oldgnu', 'ustar', 'v7', 'pax'])('finds files in what GNU tar packs as %s', async (format) => {
    const folder = await temporaryFolder()
    const files = { plain: 'moo', [`${'d'.repeat(60)}/${'long'.repeat(format === 'v7' ? 5 : 20)}`]: 'x'.repeat(3000) }
    await mkdir(join(folder, 'd'.repeat(60)))
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    await run('tar', ['-cf', join(folder, 'a.tar'), `--format=${format}`, '-C', folder, 'plain', 'd'.repeat(60)])
    const archive = await readFile(join(folder, 'a.tar'))
    const places = await tarIndex(join(folder, 'a.tar'))
    expect(Object.fromEntries(places.map(({ name, start, size }) => [name, archive.toString('utf8', start, start + size)]))).toEqual(files)
  })

  it.each(['gnu', 'pax'])('does not take a file without its holes for one with them, packed as %s', async (format) => {
    const folder = await temporaryFolder()
    await holey(join(folder, 'disk'), 3_000_000, [1_000_000])
    await run('tar', ['-cSf', join(folder, 'a.tar'), `--format=${format}`, '-C', folder, 'disk'])
    await expect(tarIndex(join(folder, 'a.tar'))).rejects.toMatchObject({ message: expect.stringContaining('without their holes') })
  })

  it('refuses a name that it cannot keep', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'source'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/source/`), Buffer.alloc(150, 0xff)]), '')
    await run('tar', ['-cf', join(folder, 'a.tar'), '--format=pax', '-C', folder, 'source'])
    await expect(unpackTo(createReadStream(join(folder, 'a.tar')), join(folder, 'target'))).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: expect.stringContaining('is not UTF-8'),
    })
  })

  it('packs and unpacks files with holes, also of more than 8 GB, and none of their zeros', async () => {
    const folder = await temporaryFolder()
    const [source, theirs, ours, archive] = ['source', 'theirs', 'ours', 'a.tar'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
    ] // four in, four out
    await mkdir(join(source, 'd'), { recursive: true })
    await mkdir(theirs)
    await holey(join(source, 'd', 'disk'), 9 * 1024 ** 3, [0, 5_000_000_000, 9 * 1024 ** 3 - 4])
    await holey(join(source, 'ends with a hole'), 3_000_000, [1_000_000])
    await holey(join(source, 'nothing'), 1_000_000, [])
    await writeFile(join(source, 'plain'), 'moo')
    await pipeline(packPath(source, { name: '', sparse: true }), createWriteStream(archive))
    expect((await stat(archive)).size).toBeLessThan(1_000_000)
    const { stderr } = await run('tar', ['-xpf', archive, '-C', theirs])
    expect(stderr).toBe('')
    await run('tar', ['-cSf', archive, '--format=posix', '-C', source, '.'])
    await unpackTo(createReadStream(archive), ours)
    for (const target of [theirs, ours]) {
      for (const name of ['d/disk', 'ends with a hole', 'nothing', 'plain']) {
        const [there, here] = await Promise.all([stat(join(target, name)), stat(join(source, name))])
        expect([name, there.size, there.mode]).toEqual([name, here.size, here.mode])
        expect(there.blocks * 512).toBeLessThan(1_000_000)
      }
      for (const name of ['ends with a hole', 'nothing', 'plain']) {
        expect((await readFile(join(target, name))).equals(await readFile(join(source, name)))).toBe(true)
      }
      const disk = await open(join(target, 'd', 'disk'))
      for (const at of [0, 5_000_000_000, 9 * 1024 ** 3 - 4]) {
        expect((await disk.read(Buffer.alloc(6), 0, 6, at)).buffer.toString('latin1', 0, 4)).toBe('moo!')
      }
      expect((await disk.read(Buffer.alloc(6), 0, 6, 4_000_000_000)).buffer).toEqual(Buffer.alloc(6))
      await disk.close()
    }
  })

  it('packs a file of more than 8 GB', async () => {
    const folder = await temporaryFolder()
    const handle = await open(join(folder, 'huge'), 'w')
    await handle.truncate(9 * 1024 ** 3)
    await handle.close()
    const listing = run('tar', ['-tvf', '-'])
    const stream = packPath(join(folder, 'huge'), { name: 'huge' })
    // The list needs no more than the header.
    listing.child.stdin?.on('error', () => stream.destroy())
    for await (const chunk of stream) {
      listing.child.stdin?.end(chunk)
      break
    }
    const listed = await listing.catch((error: unknown) => error)
    expect(listed).toHaveProperty('stdout', expect.stringContaining(String(9 * 1024 ** 3)))
  })
})
