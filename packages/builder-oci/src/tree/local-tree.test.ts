import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { TarEntry } from '@imago/tar'
import { packEntries, readEntries } from '@imago/tar'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { readDecompressed } from '../archive/decompress.ts'
import { MemoryAttributes } from './attributes.ts'
import { LocalTree } from './local-tree.ts'

const call = { signal: new AbortController().signal }
let folder: string
let tree: LocalTree
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imago-tree-'))
  tree = await newTree('tree')
})
afterEach(async () => await rm(folder, { recursive: true }))

async function newTree(name: string): Promise<LocalTree> {
  await mkdir(join(folder, name))
  return new LocalTree({ directory: join(folder, name), attributes: new MemoryAttributes() })
}

const rights = { mode: 0o644, uid: 0, gid: 0, mtime: 5 }
const file = (name: string | Uint8Array, content: string, more: Partial<typeof rights> = {}): TarEntry => ({
  ...rights,
  type: 'file',
  name,
  size: content.length,
  content: Buffer.from(content),
  ...more,
})
const directory = (name: string, more: Partial<typeof rights> = {}): TarEntry => ({
  ...rights,
  mode: 0o755,
  type: 'directory',
  name,
  ...more,
})
const link = (type: 'symlink' | 'hardlink', name: string, linkName: string): TarEntry => ({ ...rights, mode: 0o777, type, name, linkName })

async function apply(...entries: readonly TarEntry[]): Promise<void> {
  const path = join(folder, `layer-${randomBytes(4).toString('hex')}`)
  await pipeline(packEntries(entries), createWriteStream(path))
  await tree.applyLayer({ path, whiteouts: true }, call)
}

/** The entries of a layer that a tree writes. */
async function entriesOf(written: Promise<{ readonly path: string } | undefined>): Promise<string[]> {
  const layer = await written
  if (layer === undefined) return ['no layer']
  const lines: string[] = []
  for await (const entry of readEntries(await readDecompressed(layer.path, call.signal))) {
    const target = 'linkName' in entry ? ` -> ${entry.linkName.toString()}` : ''
    lines.push(`${entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${Buffer.from(entry.name).toString('latin1')}${target}`)
  }
  return lines
}

const changes = (epoch = 0): Promise<string[]> =>
  entriesOf(tree.writeChanges({ path: join(folder, `changes-${randomBytes(4).toString('hex')}`), compression: 'gzip', epoch }, call))
const base = (): Promise<string[]> =>
  entriesOf(tree.writeBase({ path: join(folder, `base-${randomBytes(4).toString('hex')}`), compression: 'none', epoch: 0 }, call))

describe('applyLayer', () => {
  it('unpacks files, links and directories, with their owners and modes', async () => {
    await apply(
      directory('etc'),
      file('etc/shadow', 'x', { mode: 0o640, gid: 42 }),
      file('usr/bin/sudo', 'x', { mode: 0o4755 }),
      link('hardlink', 'usr/bin/again', 'usr/bin/sudo'),
      link('symlink', 'bin', 'usr/bin'),
      directory('tmp', { mode: 0o1777 }),
      { ...rights, type: 'character-device', name: 'dev/null', major: 1, minor: 3 },
    )
    expect(await base()).toEqual([
      'symlink 777 0:0 bin -> usr/bin',
      'directory 755 0:0 dev/',
      'directory 755 0:0 etc/',
      'file 640 0:42 etc/shadow',
      'directory 1777 0:0 tmp/',
      'directory 755 0:0 usr/',
      'directory 755 0:0 usr/bin/',
      'file 4755 0:0 usr/bin/again',
      'hardlink 4755 0:0 usr/bin/sudo -> usr/bin/again',
    ])
  })

  it('removes what whiteouts say, of lower layers only', async () => {
    await apply(file('a/gone', '1'), file('a/kept', '1'), file('b/old', '1'), file('b/deep/old', '1'), file('c', '1'))
    await apply(
      file('a/.wh.gone', ''),
      file('b/.wh..wh..opq', ''),
      file('b/new', '2'),
      file('.wh.c', ''),
      file('.wh.never-there', ''),
      file('.wh..wh.plnk', ''),
    )
    expect(await base()).toEqual(['directory 755 0:0 a/', 'file 644 0:0 a/kept', 'directory 755 0:0 b/', 'file 644 0:0 b/new'])
  })

  it('keeps what came before the opaque mark in the same layer', async () => {
    await apply(file('b/old', '1'), file('b/deep/old', '1'))
    await apply(file('b/deep/new', '2'), file('b/.wh..wh..opq', ''))
    expect(await base()).toEqual(['directory 755 0:0 b/', 'directory 755 0:0 b/deep/', 'file 644 0:0 b/deep/new'])
  })

  it('replaces files by directories, directories by files, and links by what a layer says', async () => {
    await apply(file('one', '1'), file('two/x', '1'), link('symlink', 'three', '/elsewhere'), directory('elsewhere'))
    await apply(directory('one'), file('one/x', '2'), file('two', '2'), directory('three'), file('three/x', '2'))
    expect(await base()).toEqual([
      'directory 755 0:0 elsewhere/',
      'directory 755 0:0 one/',
      'file 644 0:0 one/x',
      'directory 755 0:0 three/',
      'file 644 0:0 three/x',
      'file 644 0:0 two',
    ])
  })

  it('writes through links inside the root, and never outside', async () => {
    const outside = join(folder, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'secret'), 'of the host')
    await apply(link('symlink', 'away', outside), file('away/new', 'x'), link('symlink', 'lib', 'usr/lib'), file('lib/x', 'x'))
    await apply(link('hardlink', 'stolen', `${outside.slice(1)}/new`), file(`.wh.away`, ''))
    expect(await readdir(outside)).toEqual(['secret'])
    expect(await readFile(join(folder, 'tree/base', outside, 'new'), 'utf8')).toBe('x')
    expect(await readFile(join(folder, 'tree/base/stolen'), 'utf8')).toBe('x')
    expect(await readFile(join(folder, 'tree/base/usr/lib/x'), 'utf8')).toBe('x')
    for (const name of ['../up', 'a/../../up']) await expect(apply(file(name, 'x'))).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await expect(apply(link('hardlink', 'other', 'nowhere'))).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
  })
})

describe('changes', () => {
  const upload = (destination: string, content = 'x', more: { mode?: number; owner?: string } = {}): Promise<void> =>
    tree.upload({ source: { content }, destination, ...more }, call)

  it('are none when nothing has changed', async () => {
    await apply(file('etc/motd', 'x'))
    await tree.seal([], call)
    expect(await changes()).toEqual(['no layer'])
  })

  it('are new files with their parents, as they are in the base', async () => {
    await apply(directory('srv', { mode: 0o750, uid: 7 }), file('srv/old', 'x'))
    await tree.seal([], call)
    await upload('/srv/new', 'x', { mode: 0o4755, owner: '33:44' })
    await upload('/srv/deep/er/file')
    expect(await changes()).toEqual([
      'directory 750 7:0 srv/',
      'directory 755 0:0 srv/deep/',
      'directory 755 0:0 srv/deep/er/',
      'file 644 0:0 srv/deep/er/file',
      'file 4755 33:44 srv/new',
    ])
  })

  it('are replaced and removed files', async () => {
    await apply(file('a', '1'), file('b', '1'), file('c/d/e', '1'))
    await tree.seal([], call)
    await upload('/a', '2')
    await rm(join(folder, 'tree/base/b'))
    await rm(join(folder, 'tree/base/c/d'), { recursive: true })
    expect(await changes()).toEqual(['file 644 0:0 a', 'file 644 0:0 .wh.b', 'directory 755 0:0 c/', 'file 644 0:0 c/.wh.d'])
  })

  it('may have names that are not UTF-8', async () => {
    await tree.seal([], call)
    await writeFile(Buffer.concat([Buffer.from(`${join(folder, 'tree/base')}/`), Buffer.from([0x61, 0xff, 0x0a])]), 'x')
    expect(await changes()).toEqual(['file 644 0:0 a\u00ff\n'])
  })

  it('cannot have names that mean removed files', async () => {
    await tree.seal([], call)
    await upload('/.wh.x')
    await expect(changes()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('are the same bytes whenever they are made, and no file is younger than the epoch', async () => {
    const digests: (string | undefined)[] = []
    for (const name of ['one', 'two']) {
      tree = await newTree(name)
      await tree.seal([], call)
      await upload('/b', 'x'.repeat(3 << 20))
      await upload('/a')
      const written = await tree.writeChanges({ path: join(folder, `${name}.gz`), compression: 'gzip', epoch: 1_000_000_000 }, call)
      digests.push(written?.digest)
      for await (const entry of readEntries(await readDecompressed(join(folder, `${name}.gz`), call.signal)))
        expect(entry.mtime).toBe(1_000_000_000)
    }
    expect(digests[0]).toBe(digests[1])
  })
})

describe('transfers', () => {
  it('give files to users and groups that the root knows', async () => {
    await apply(file('etc/passwd', 'root:x:0:0::/:\nwww:x:33:34::/:\n'), file('etc/group', 'web:x:44:\n'))
    await tree.seal([], call)
    const owners = ['www', 'www:web', 'www:7', '33', ':', '12']
    for (const owner of owners.filter((each) => each !== ':'))
      await tree.upload({ source: { content: 'x' }, destination: `/${owner}`, owner }, call)
    expect(await changes()).toEqual([
      'file 644 12:0 12',
      'file 644 33:34 33',
      'file 644 33:34 www',
      'file 644 33:7 www:7',
      'file 644 33:44 www:web',
    ])
    for (const owner of ['nobody', 'www:nobody']) {
      await expect(tree.upload({ source: { content: 'x' }, destination: '/x', owner }, call)).rejects.toMatchObject({
        code: 'TRANSFER_FAILED',
      })
    }
  })

  it('bring directories with their modes and links', async () => {
    const source = join(folder, 'source')
    await mkdir(join(source, 'sub'), { recursive: true })
    await writeFile(join(source, 'sub/run'), 'x')
    await chmod(join(source, 'sub/run'), 0o750)
    await chmod(join(source, 'sub'), 0o700)
    await symlink('sub/run', join(source, 'link'))
    await tree.seal([], call)
    await tree.upload({ source: { path: source }, destination: '/srv' }, call)
    const mode = ((await lstat(source)).mode & 0o777).toString(8)
    expect(await changes()).toEqual([
      `directory ${mode} 0:0 srv/`,
      'symlink 777 0:0 srv/link -> sub/run',
      'directory 700 0:0 srv/sub/',
      'file 750 0:0 srv/sub/run',
    ])
    await tree.download({ source: '/srv', destination: join(folder, 'copy') }, call)
    expect((await lstat(join(folder, 'copy/sub/run'))).mode & 0o777).toBe(0o750)
    expect((await lstat(join(folder, 'copy/sub'))).mode & 0o777).toBe(0o700)
  })

  it('of a folder that holds the root itself leave that out', async () => {
    await tree.seal([], call)
    await writeFile(join(folder, 'file'), 'x')
    await tree.upload({ source: { path: folder }, destination: '/all' }, call)
    expect(await readdir(join(folder, 'tree/base/all'))).toEqual(['file'])
  })

  it('go into the directory that a link in its place points to', async () => {
    await apply(directory('usr/bin'), link('symlink', 'bin', 'usr/bin'))
    await tree.seal([], call)
    const source = join(folder, 'source')
    await mkdir(join(source, 'bin'), { recursive: true })
    await writeFile(join(source, 'bin/tool'), 'x')
    await tree.upload({ source: { path: source }, destination: '/' }, call)
    expect(await changes()).toEqual(['directory 755 0:0 usr/', 'directory 755 0:0 usr/bin/', 'file 644 0:0 usr/bin/tool'])
  })
})
