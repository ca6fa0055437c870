import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { TransferProgress } from '@imago/core'

import type { Bench, TestRunner } from './contract-bench.ts'
import { rejectsWith, within } from './contract-bench.ts'

/** File names that a careless communicator trips over. */
export const oddNames: readonly string[] = [
  'a b',
  `it's "quoted"`,
  'two\nlines',
  '-rf',
  '$HOME',
  '$(id)',
  '`id`',
  '*',
  'back\\slash',
  'ü☃𝄞',
  ' ',
  '#',
  '~',
  'long'.repeat(40),
]

/** Uploads of files, content and directories. */
export function uploadContract({ describe, test }: TestRunner, bench: Bench, owners: boolean): void {
  describe('upload', () => {
    testContent(test, bench)
    testFile(test, bench)
    if (owners) testOwner(test, bench)
    testDirectory(test, bench)
    testSpeed(test, bench)
    testProblems(test, bench)
  })
}

function testContent(test: TestRunner['test'], bench: Bench): void {
  test('takes content, makes parents, and gives it the mode 644', async () => {
    const [machine, probe, path] = [await bench.machine(), await bench.probe(), bench.remote('a/b/c')]
    await machine.upload({ content: 'ü\n' }, path)
    assert.equal((await probe.read(path)).toString(), 'ü\n')
    const { kind, mode } = (await probe.inspect(path)) ?? {}
    assert.deepEqual([kind, mode], ['file', 0o644])
    const parent = await probe.inspect(dirname(path))
    assert.equal(parent?.kind, 'directory')
  })
  test('takes bytes, and no bytes', async () => {
    const [machine, probe, path] = [await bench.machine(), await bench.probe(), bench.remote('bytes')]
    const bytes = randomBytes(100_000)
    await machine.upload({ content: bytes }, path)
    assert.ok((await probe.read(path)).equals(bytes))
    await machine.upload({ content: new Uint8Array() }, path)
    assert.equal((await probe.read(path)).length, 0)
  })
  test('gives the mode that is asked for, also to a file that is there', async () => {
    const [machine, probe, path] = [await bench.machine(), await bench.probe(), bench.remote('secret')]
    await machine.upload({ content: 'a' }, path)
    await machine.upload({ content: 'b' }, path, { mode: 0o600 })
    assert.equal((await probe.inspect(path))?.mode, 0o600)
    assert.equal((await probe.read(path)).toString(), 'b')
  })
  test('puts files at odd paths', async () => {
    const [machine, probe, folder] = [await bench.machine(), await bench.probe(), bench.remote('odd')]
    for (const name of oddNames) {
      const path = `${folder}/${name}/${name}`
      await machine.upload({ content: name }, path)
      assert.equal((await probe.read(path)).toString(), name)
    }
  })
}

function testFile(test: TestRunner['test'], bench: Bench): void {
  test('takes a file with its mode', async () => {
    const [machine, probe] = [await bench.machine(), await bench.probe()]
    for (const mode of [0o755, 0o600, 0o444]) {
      const [path, local] = [bench.remote('run'), await bench.local('run')]
      await writeTree(local, '#!/bin/sh\n', mode)
      await machine.upload({ path: local }, path)
      assert.equal((await probe.read(path)).toString(), '#!/bin/sh\n')
      assert.equal((await probe.inspect(path))?.mode, mode)
    }
  })
  test('takes what a link points to when the source is one', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('file'), bench.remote('file')]
    await writeTree(local, 'x')
    await symlink('file', `${local}.link`)
    await machine.upload({ path: `${local}.link` }, path)
    assert.equal((await probe.inspect(path))?.kind, 'file')
  })
  test('takes 20 MB and says how far it is', async () => {
    const [machine, local, path] = [await bench.machine(), await bench.local('large'), bench.remote('large')]
    await writeTree(local, randomBytes(20 << 20))
    const seen: TransferProgress[] = []
    await machine.upload({ path: local }, path, { onProgress: (progress) => seen.push({ ...progress }) })
    assert.equal((await machine.stat(path))?.size, 20 << 20)
    checkProgress(seen, 20 << 20)
  })
}

function testOwner(test: TestRunner['test'], bench: Bench): void {
  test('gives content and a directory the owner that is asked for', async () => {
    const [machine, probe, path] = [await bench.machine(), await bench.probe(), bench.remote('owned')]
    await machine.upload({ content: 'x' }, path, { owner: '1234:5678', mode: 0o640 })
    const { owner, mode } = (await probe.inspect(path)) ?? {}
    assert.deepEqual([owner, mode], ['1234:5678', 0o640])
    const local = await bench.local('tree')
    await writeTree(join(local, 'sub/file'), 'x')
    await symlink('sub', join(local, 'link'))
    await machine.upload({ path: local }, `${path}.d`, { owner: '1234:5678' })
    for (const name of ['sub', 'sub/file', 'link']) assert.equal((await probe.inspect(`${path}.d/${name}`))?.owner, '1234:5678', name)
  })
  test('gives files to the user of the machine when no owner is asked for', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('tree'), bench.remote('tree')]
    await writeTree(join(local, 'file'), 'x')
    await machine.upload({ content: 'x' }, `${path}.txt`)
    await machine.upload({ path: local }, path)
    const owner = (await probe.inspect(`${path}.txt`))?.owner
    assert.equal((await probe.inspect(`${path}/file`))?.owner, owner)
    assert.equal(owner, '0:0')
  })
}

/**
 * Owners by name, in a machine that runs commands: two names that nearly every system has, which are made where they are missing. A
 * machine that has them, such as this one over SSH, is left as it is.
 */
export function ownerNameContract({ describe, test }: TestRunner, bench: Bench): void {
  describe('upload: owners by name', () => {
    test('gives files to a user and group that the machine knows, and to no others', async () => {
      const [machine, probe, path] = [await bench.machine(), await bench.probe(), bench.remote('named')]
      await bench.run(`mkdir -p /etc; touch /etc/passwd /etc/group
grep -q '^daemon:' /etc/passwd || echo 'daemon:x:4321:1::/:/bin/sh' >>/etc/passwd
grep -q '^mail:' /etc/group || echo 'mail:x:8765:' >>/etc/group`)
      const uid = idIn(await probe.read('/etc/passwd'), 'daemon')
      const gid = idIn(await probe.read('/etc/group'), 'mail')
      await machine.upload({ content: 'x' }, path, { owner: 'daemon:mail' })
      assert.equal((await probe.inspect(path))?.owner, `${uid}:${gid}`)
      await machine.upload({ content: 'x' }, path, { owner: 'daemon:1234' })
      assert.equal((await probe.inspect(path))?.owner, `${uid}:1234`)
      await rejectsWith(machine.upload({ content: 'y' }, path, { owner: 'imago-nobody:mail' }), 'TRANSFER_FAILED')
      assert.equal((await probe.read(path)).toString(), 'x')
    })
  })
}

/** The number of a name in passwd(5) or group(5). */
function idIn(file: Uint8Array, name: string): string | undefined {
  const line = Buffer.from(file)
    .toString()
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  return line?.split(':')[2]
}

function testDirectory(test: TestRunner['test'], bench: Bench): void {
  test("takes a directory's content: modes, links, empty directories, odd names", async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('tree'), bench.remote('tree')]
    await makeTree(local)
    await machine.upload({ path: local }, path)
    assert.equal((await probe.inspect(`${path}/bin/run`))?.mode, 0o750)
    assert.equal((await probe.inspect(`${path}/private`))?.mode, 0o700)
    assert.equal((await probe.inspect(`${path}/empty`))?.kind, 'directory')
    for (const [link, target] of Object.entries(links)) assert.equal((await probe.inspect(`${path}/${link}`))?.target, target)
    for (const name of oddNames) assert.equal((await probe.read(`${path}/${name}/${name}`)).toString(), name)
  })
  test('takes an empty directory', async () => {
    const [machine, local, path] = [await bench.machine(), await bench.local('empty'), bench.remote('empty')]
    await mkdir(local, { recursive: true })
    await machine.upload({ path: local }, path)
    assert.equal((await machine.stat(path))?.kind, 'directory')
  })
  test('puts a directory beside what is there, and replaces what has the same name', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('new'), bench.remote('old')]
    await machine.upload({ content: 'old' }, `${path}/sub/kept`)
    await machine.upload({ content: 'old' }, `${path}/sub/replaced`)
    await writeTree(join(local, 'sub/replaced'), 'new')
    await writeTree(join(local, 'added'), 'new')
    await machine.upload({ path: local }, path)
    const texts = ['sub/kept', 'sub/replaced', 'added'].map(async (name) => (await probe.read(`${path}/${name}`)).toString())
    assert.deepEqual(await Promise.all(texts), ['old', 'new', 'new'])
  })
  test('gives all files of a directory the mode that is asked for', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('tree'), bench.remote('tree')]
    await writeTree(join(local, 'a'), 'x', 0o755)
    await writeTree(join(local, 'sub/b'), 'x', 0o600)
    await machine.upload({ path: local }, path, { mode: 0o640 })
    assert.equal((await probe.inspect(`${path}/a`))?.mode, 0o640)
    assert.equal((await probe.inspect(`${path}/sub/b`))?.mode, 0o640)
  })
}

function testSpeed(test: TestRunner['test'], bench: Bench): void {
  test('makes the same of a directory when what is there may be left out', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('tree'), bench.remote('tree')]
    const there = async (): Promise<readonly string[]> =>
      await Promise.all(['a', 'sub/b', 'sub/c', 'kept'].map(async (name) => (await probe.read(`${path}/${name}`)).toString()))
    await writeTree(join(local, 'a'), 'a1')
    await writeTree(join(local, 'sub/b'), 'b1', 0o755)
    await writeTree(join(local, 'sub/c'), 'c1')
    await machine.upload({ content: 'kept' }, `${path}/kept`)
    await machine.upload({ path: local }, path, { sync: true })
    assert.deepEqual(await there(), ['a1', 'b1', 'c1', 'kept'])
    await writeTree(join(local, 'a'), 'a2')
    await machine.upload({ content: 'b2' }, `${path}/sub/b`, { mode: 0o600 })
    await machine.upload({ path: local }, path, { sync: true })
    assert.deepEqual(await there(), ['a2', 'b1', 'c1', 'kept'])
    assert.equal((await probe.inspect(`${path}/sub/b`))?.mode, 0o755)
  })
  test('takes a file with holes, which are zeros, and brings it back', async () => {
    const [machine, probe, local, path] = [await bench.machine(), await bench.probe(), await bench.local('holes'), bench.remote('holes')]
    await mkdir(dirname(local), { recursive: true })
    const file = await open(local, 'w')
    await file.truncate(3_000_000)
    await file.write('moo', 1_500_000)
    await file.close()
    await machine.upload({ path: local }, path)
    assert.ok((await probe.read(path)).equals(await readFile(local)))
    await machine.download(path, `${local}.back`)
    assert.ok((await readFile(`${local}.back`)).equals(await readFile(local)))
  })
}

function testProblems(test: TestRunner['test'], bench: Bench): void {
  test('reports a source that does not exist', async () => {
    const [machine, local, path] = [await bench.machine(), await bench.local('missing'), bench.remote('missing')]
    const error = await rejectsWith(machine.upload({ path: local }, path), 'INPUT_MISSING')
    assert.ok(error.message.includes(local), `the message does not name the file: ${error.message}`)
    assert.equal(await machine.stat(path), undefined)
  })
  test('reports a destination below a file, and goes on', async () => {
    const [machine, path] = [await bench.machine(), bench.remote('file')]
    await machine.upload({ content: 'x' }, path)
    await rejectsWith(machine.upload({ content: 'y' }, `${path}/below`), 'TRANSFER_FAILED', 'OUTPUT_UNWRITABLE')
    await machine.upload({ content: 'z' }, path)
  })
  test('replaces no directory by a file', async () => {
    const [machine, path] = [await bench.machine(), bench.remote('directory')]
    await machine.upload({ content: 'x' }, `${path}/kept`)
    await rejectsWith(machine.upload({ content: 'y' }, path), 'TRANSFER_FAILED', 'OUTPUT_UNWRITABLE')
    assert.equal((await machine.stat(`${path}/kept`))?.kind, 'file')
  })
  test('ends with its signal, and goes on', async () => {
    const [machine, local] = [await bench.machine(), await bench.local('large')]
    await rejectsWith(machine.upload({ content: 'x' }, bench.remote('x'), { signal: AbortSignal.abort() }), 'CANCELLED')
    for (let index = 0; index < 50; index++) await writeTree(join(local, String(index)), Buffer.alloc(1 << 20))
    const abort = new AbortController()
    const upload = machine.upload({ path: local }, bench.remote('large'), { signal: abort.signal, onProgress: () => abort.abort() })
    await within(10_000, 'a cancelled upload', rejectsWith(upload, 'CANCELLED'))
    await machine.upload({ content: 'x' }, bench.remote('x'))
  })
}

/** The links of {@link makeTree}. */
export const links: Readonly<Record<string, string>> = {
  'to-file': 'bin/run',
  'to-directory': 'bin',
  dangling: '/nowhere/at-all',
  'loop-a': 'loop-b',
  'loop-b': 'loop-a',
  'bin/up': '../bin',
}

/** A directory with one of everything. */
export async function makeTree(folder: string): Promise<void> {
  await writeTree(join(folder, 'bin/run'), '#!/bin/sh\n', 0o750)
  await writeTree(join(folder, 'private/key'), 'x', 0o600)
  await chmod(join(folder, 'private'), 0o700)
  await mkdir(join(folder, 'empty'))
  for (const [link, target] of Object.entries(links)) await symlink(target, join(folder, link))
  for (const name of oddNames) await writeTree(join(folder, name, name), name)
}

/** Writes a file and its parents. */
export async function writeTree(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  await chmod(path, mode)
}

/** Fails unless a transfer said how far it was, up to its end. */
export function checkProgress(seen: readonly TransferProgress[], size: number): void {
  assert.notEqual(seen.length, 0, 'no progress was reported')
  for (const [index, { bytes, total }] of seen.entries()) {
    assert.ok(bytes >= (seen[index - 1]?.bytes ?? 0), 'progress went backwards')
    assert.ok(total === undefined || total >= bytes, `${bytes} of ${total} bytes`)
  }
  assert.ok((seen.at(-1)?.bytes ?? 0) >= size, `progress ended at ${seen.at(-1)?.bytes} of ${size} bytes`)
}
