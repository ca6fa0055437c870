import { appendFileSync, truncateSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readlink, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { describe, expect, it, onTestFinished } from 'vitest'

import { makeDirectories, temporaryFolder } from '../test/tree.ts'
import type { TarEntry } from './entry.ts'
import { packContent } from './pack-content.ts'
import { packChunks, packPath } from './pack-path.ts'
import { readEntries } from './tar-stream.ts'

/** The entries in words: `name mode uid:gid` and what they hold. */
async function listing(stream: Readable): Promise<string[]> {
  const lines: string[] = []
  for await (const entry of readEntries(stream)) {
    lines.push(`${Buffer.from(entry.name).toString('latin1')} ${entry.mode.toString(8)} ${await contentOf(entry)}`.trim())
  }
  return lines
}

async function contentOf(entry: TarEntry): Promise<string> {
  if ('linkName' in entry) return `-> ${Buffer.from(entry.linkName).toString()}`
  if (entry.type !== 'file' || entry.content instanceof Uint8Array) return ''
  let text = ''
  for await (const chunk of entry.content) text += Buffer.from(chunk).toString()
  return text.length > 20 ? `${text.length} bytes` : text
}

describe('packPath', () => {
  it('packs a directory under a name: sorted, with links, modes and empty directories', async () => {
    const folder = await temporaryFolder()
    await makeDirectories(folder, 'b', 'empty')
    await writeFile(join(folder, 'b', 'run.sh'), 'moo', { mode: 0o755 })
    await writeFile(join(folder, 'a'), '', { mode: 0o600 })
    await symlink('..', join(folder, 'b', 'loop'))
    await symlink('/nowhere', join(folder, 'dangling'))
    await chmod(join(folder, 'empty'), 0o1777)
    await chmod(folder, 0o750)
    const inside = ['a 600', 'b/ 755', 'b/loop 777 -> ..', 'b/run.sh 755 moo', 'dangling 777 -> /nowhere', 'empty/ 1777']
    expect(await listing(packPath(folder, { name: 'srv/site' }))).toEqual(['srv/site/ 750', ...inside.map((line) => `srv/site/${line}`)])
    expect(await listing(packPath(folder, { name: '' }))).toEqual(inside)
    expect(await listing(packPath(folder, { name: '.' }))).toEqual(inside)
  })

  it('packs a file under a name, and follows the link that leads to it', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'motd'), 'moo')
    await symlink('motd', join(folder, 'link'))
    for (const path of ['motd', 'link']) {
      expect(await listing(packPath(join(folder, path), { name: 'etc/motd' }))).toEqual(['etc/motd 644 moo'])
    }
    await expect(buffer(packPath(join(folder, 'motd'), { name: '' }))).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('packs the directories that it is in before it, once it has found what is in them', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'motd'), 'moo')
    const parents = ['srv', 'srv/etc'].map((name) => ({ type: 'directory', name, mode: 0o711, uid: 1, gid: 2, mtime: 3 }) as const)
    const lines = ['srv/ 711', 'srv/etc/ 711', 'srv/etc/motd 644 moo']
    expect(await listing(packPath(join(folder, 'motd'), { name: 'srv/etc/motd', parents }))).toEqual(lines)
    expect(await listing(packContent('srv/etc/motd', 'moo', { parents }))).toEqual(lines)
    expect(await listing(packPath(folder, { name: 'srv/etc/x', parents }))).toContain('srv/etc/x/motd 644 moo')
    const sent: Uint8Array[] = []
    const missing = packPath(join(folder, 'nothing'), { name: 'srv/etc/motd', parents }).on('data', (chunk: Uint8Array) => sent.push(chunk))
    await expect(buffer(missing)).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    expect(sent).toEqual([])
  })

  it('sets owner, time, and the mode of files', async () => {
    const folder = await temporaryFolder()
    await makeDirectories(folder, 'd')
    await writeFile(join(folder, 'd', 'f'), '')
    await utimes(join(folder, 'd', 'f'), 1e9, 1e9)
    const entries: TarEntry[] = []
    for await (const entry of readEntries(packPath(folder, { name: 'x', owner: { uid: 3_000_000, gid: 7 }, mode: 0o711, mtime: 5 })))
      entries.push(entry)
    expect(entries.map(({ uid, gid, mtime }) => [uid, gid, mtime])).toEqual(Array.from({ length: 3 }, () => [3_000_000, 7, 5]))
    expect(entries.map(({ mode }) => mode.toString(8)).slice(1)).toEqual(['755', '711'])
    for await (const entry of readEntries(packPath(join(folder, 'd'), { name: '' }))) expect(entry.mtime).toBe(1e9)
  })

  it('packs any file name', async () => {
    const folder = await temporaryFolder()
    const names = ['with space', `with 'quotes' and "more"`, 'with\nnewline', 'ünïcödé', '-rf', '*', 'x'.repeat(255)].map((name) =>
      Buffer.from(name),
    )
    const all = [...names, Buffer.from([0x66, 0xff, 0xfe])].toSorted((a, b) => Buffer.compare(a, b))
    for (const name of all) await writeFile(Buffer.concat([Buffer.from(`${folder}/`), name]), 'moo')
    expect(await listing(packPath(folder, { name: '' }))).toEqual(all.map((name) => `${name.toString('latin1')} 644 moo`))
  })

  it('leaves out what it is told to', async () => {
    const folder = await temporaryFolder()
    await makeDirectories(folder, 'a/b', 'c')
    expect(await listing(packPath(folder, { name: '', include: (below) => below !== 'a/b' }))).toEqual(['a/ 755', 'c/ 755'])
  })

  it('packs large files in pieces, and says how far it is', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'big'), 'x'.repeat(3_000_000))
    const progress: unknown[] = []
    expect(await listing(packPath(join(folder, 'big'), { name: 'big', onProgress: (at) => progress.push(at) }))).toEqual([
      'big 644 3000000 bytes',
    ])
    expect(progress).toHaveLength(3)
    expect(progress.at(-1)).toEqual({ bytes: 3_000_000, total: 3_000_000 })
  })

  it('says what is not there', async () => {
    const path = join(await temporaryFolder(), 'nothing')
    await expect(buffer(packPath(path, { name: 'x' }))).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: `there is nothing at '${path}'`,
    })
  })

  it('refuses sockets, or leaves them out', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'agent.sock')
    const server = createServer().listen(path)
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    await expect(buffer(packPath(folder, { name: 'x' }))).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: `cannot pack '${path}': it is a socket`,
    })
    const skipped: string[] = []
    expect(await listing(packPath(folder, { name: '', onSkip: (...what) => skipped.push(what.join(' ')) }))).toEqual([])
    expect(skipped).toEqual([`${path} socket`])
  })

  it.each([
    ['grew', (path: string) => appendFileSync(path, 'more')],
    ['shrank', (path: string) => truncateSync(path, 1_500_000)],
  ])('fails when a large file %s meanwhile', async (word, change) => {
    const path = join(await temporaryFolder(), 'log')
    await writeFile(path, 'x'.repeat(5_000_000))
    const stream = packPath(path, { name: 'log' })
    await new Promise((resolve) => stream.once('readable', resolve))
    change(path)
    await expect(buffer(stream)).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: `'${path}' ${word} while it was read (it had 5000000 bytes)`,
    })
  })

  it('fails when a directory is gone meanwhile, and stops when it is told to', async () => {
    const folder = await temporaryFolder()
    const names = Array.from({ length: 200 }, (_, index) => `f${index}`)
    await mkdir(join(folder, 'd'))
    for (const name of names) await writeFile(join(folder, 'd', name), '')
    const controller = new AbortController()
    const stream = packPath(folder, { name: 'x', signal: controller.signal, include: () => (controller.abort(), true) })
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('holds no file open when the reader leaves', async () => {
    const path = join(await temporaryFolder(), 'big')
    const handle = await open(path, 'w')
    await handle.truncate(50_000_000)
    await handle.close()
    const stream = packPath(path, { name: 'big' })
    for await (const chunk of stream) {
      expect(chunk).toBeDefined()
      break
    }
    expect(stream.destroyed).toBe(true)
  })
})

/** The files below a folder that this process holds open, where the system tells. */
async function openFiles(folder: string): Promise<readonly string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => [])
  const paths = await Promise.all(descriptors.map(async (name) => await readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder))
}

describe('packChunks', () => {
  it('packs the same, with two buffers for all pieces of a large file', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'large'), Buffer.from(Uint8Array.from({ length: 5_000_000 }, (_, index) => (index >> 12) % 251)))
    await writeFile(join(folder, 'small'), 'moo')
    const [copies, memories] = [[] as Buffer[], new Set<ArrayBufferLike>()]
    for await (const chunk of packChunks(folder, { name: '' })) {
      copies.push(Buffer.from(chunk))
      if (chunk.length > 700_000) memories.add(chunk.buffer)
    }
    expect(Buffer.concat(copies).equals(await buffer(packPath(folder, { name: '' })))).toBe(true)
    expect(memories.size).toBe(2)
  })

  it('holds no file open when it is given up, and stops when it is told to', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'large')
    await writeFile(file, Buffer.alloc(5_000_000, 1))
    const chunks = packChunks(file, { name: 'f' })
    for (let count = 0; count < 3; count++) await chunks.next()
    await chunks.return()
    expect(await openFiles(folder)).toEqual([])
    await expect(packChunks(file, { name: 'f', signal: AbortSignal.abort() }).next()).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('packContent', () => {
  it('packs text and bytes', async () => {
    const progress: unknown[] = []
    expect(await listing(packContent('etc/motd', 'möö', { mode: 0o600, onProgress: (at) => progress.push(at) }))).toEqual([
      'etc/motd 600 möö',
    ])
    expect(await listing(packContent('empty', new Uint8Array()))).toEqual(['empty 644'])
    expect(progress).toEqual([{ bytes: 5, total: 5 }])
  })
})
