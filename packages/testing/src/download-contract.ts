import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, readlink, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { TransferProgress } from '@imago/core'

import type { Bench, TestRunner } from './contract-bench.ts'
import { rejectsWith, within } from './contract-bench.ts'
import { checkProgress, links, makeTree, oddNames, writeTree } from './upload-contract.ts'

/** Downloads, and `stat`. */
export function downloadContract({ describe, test }: TestRunner, bench: Bench): void {
  describe('download', () => {
    testFile(test, bench)
    testDirectory(test, bench)
    testProblems(test, bench)
  })
  describe('stat', () => testStat(test, bench))
}

function testFile(test: TestRunner['test'], bench: Bench): void {
  test('brings a file with its mode, and makes parents', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('run'), await bench.local('a/b/run')]
    await machine.upload({ content: 'x\n' }, path, { mode: 0o750 })
    await machine.download(path, local)
    assert.equal(await readFile(local, 'utf8'), 'x\n')
    assert.equal((await stat(local)).mode & 0o7777, 0o750)
  })
  test('brings 20 MB, replaces a file, and says how far it is', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('large'), await bench.local('large')]
    const bytes = randomBytes(20 << 20)
    await machine.upload({ content: bytes }, path)
    await writeTree(local, 'old')
    const seen: TransferProgress[] = []
    await machine.download(path, local, { onProgress: (progress) => seen.push({ ...progress }) })
    assert.ok((await readFile(local)).equals(bytes))
    checkProgress(seen, bytes.length)
  })
  test('brings files from odd paths', async () => {
    const [machine, folder, local] = [await bench.machine(), bench.remote('odd'), await bench.local('odd')]
    for (const name of oddNames) {
      await machine.upload({ content: name }, `${folder}/${name}/${name}`)
      await machine.download(`${folder}/${name}/${name}`, join(local, name))
      assert.equal(await readFile(join(local, name), 'utf8'), name)
    }
  })
  test('brings what a link points to when the source is one', async () => {
    const [machine, path, tree, local] = [await bench.machine(), bench.remote('tree'), await bench.local('tree'), await bench.local('file')]
    await writeTree(join(tree, 'file'), 'x')
    await symlink('file', join(tree, 'link'))
    await machine.upload({ path: tree }, path)
    await machine.download(`${path}/link`, local)
    assert.ok((await lstat(local)).isFile())
    assert.equal(await readFile(local, 'utf8'), 'x')
  })
}

function testDirectory(test: TestRunner['test'], bench: Bench): void {
  test("brings a directory's content: modes, links, empty directories, odd names", async () => {
    const [machine, path, tree, local] = [await bench.machine(), bench.remote('tree'), await bench.local('tree'), await bench.local('copy')]
    await makeTree(tree)
    await machine.upload({ path: tree }, path)
    await machine.download(path, local)
    assert.equal((await stat(join(local, 'bin/run'))).mode & 0o7777, 0o750)
    assert.equal((await stat(join(local, 'private'))).mode & 0o7777, 0o700)
    assert.ok((await stat(join(local, 'empty'))).isDirectory())
    for (const [link, target] of Object.entries(links)) assert.equal(await readlink(join(local, link)), target)
    for (const name of oddNames) assert.equal(await readFile(join(local, name, name), 'utf8'), name)
  })
  test('puts a directory beside what is there, and replaces what has the same name', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('new'), await bench.local('old')]
    await machine.upload({ content: 'new' }, `${path}/sub/replaced`)
    await writeTree(join(local, 'sub/replaced'), 'old')
    await writeTree(join(local, 'sub/kept'), 'old')
    await machine.download(path, local)
    assert.equal(await readFile(join(local, 'sub/replaced'), 'utf8'), 'new')
    assert.equal(await readFile(join(local, 'sub/kept'), 'utf8'), 'old')
  })
  test('brings an empty directory', async () => {
    const [machine, path, tree, local] = [
      await bench.machine(),
      bench.remote('empty'),
      await bench.local('empty'),
      await bench.local('copy'),
    ]
    await mkdir(tree, { recursive: true })
    await machine.upload({ path: tree }, path)
    await machine.download(path, local)
    assert.ok((await stat(local)).isDirectory())
  })
}

function testProblems(test: TestRunner['test'], bench: Bench): void {
  test('reports a source that does not exist, and leaves nothing', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('missing'), await bench.local('missing')]
    const error = await rejectsWith(machine.download(path, local), 'INPUT_MISSING')
    assert.ok(error.message.includes(path), `the message does not name the file: ${error.message}`)
    await assert.rejects(lstat(local))
  })
  test('reports a destination that cannot be written, and goes on', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('file'), await bench.local('file')]
    await machine.upload({ content: 'x' }, path)
    await writeTree(local, 'a file')
    await rejectsWith(machine.download(path, join(local, 'below')), 'TRANSFER_FAILED', 'OUTPUT_UNWRITABLE', 'INPUT_MISSING')
    await machine.download(path, local)
    assert.equal(await readFile(local, 'utf8'), 'x')
  })
  test('ends with its signal, and goes on', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('large'), await bench.local('large')]
    for (let index = 0; index < 20; index++) await machine.upload({ content: Buffer.alloc(1 << 20) }, `${path}/${index}`)
    await rejectsWith(machine.download(path, local, { signal: AbortSignal.abort() }), 'CANCELLED')
    const abort = new AbortController()
    const download = machine.download(path, local, { signal: abort.signal, onProgress: () => abort.abort() })
    await within(10_000, 'a cancelled download', rejectsWith(download, 'CANCELLED'))
    await machine.download(`${path}/0`, join(dirname(local), 'one'))
  })
}

function testStat(test: TestRunner['test'], bench: Bench): void {
  test('tells files, directories and nothing apart', async () => {
    const [machine, path] = [await bench.machine(), bench.remote(`it's a "file"\n`)]
    await machine.upload({ content: '12345' }, path)
    assert.deepEqual(await machine.stat(path), { kind: 'file', size: 5 })
    assert.equal((await machine.stat(dirname(path)))?.kind, 'directory')
    assert.equal(await machine.stat(`${path}.missing`), undefined)
    assert.equal(await machine.stat(`${path}/below`), undefined)
  })
  test('follows links', async () => {
    const [machine, path, local] = [await bench.machine(), bench.remote('tree'), await bench.local('tree')]
    await makeTree(local)
    await machine.upload({ path: local }, path)
    assert.deepEqual(await machine.stat(`${path}/to-file`), { kind: 'file', size: 10 })
    assert.equal((await machine.stat(`${path}/to-directory`))?.kind, 'directory')
    assert.deepEqual(await machine.stat(`${path}/to-directory/run`), { kind: 'file', size: 10 })
    assert.equal(await machine.stat(`${path}/dangling`), undefined)
  })
}
