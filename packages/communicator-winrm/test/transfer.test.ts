import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { TransferProgress } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { describe, expect, test } from 'vitest'

import { connect, standIn, temporaryDirectory } from './machines.ts'

// The stand-in does what the scripts of the communicator say; it recognises them, and interprets no PowerShell.

describe.for(['basic', 'ntlm'] as const)('files, with a login of the kind %s', (auth) => {
  test('go there and back as they are, and are put at exactly that path', async () => {
    const stand = await standIn()
    const machine = await connect(stand, { auth })
    const local = await temporaryDirectory()
    const bytes = randomBytes(3_000_000)
    await writeFile(join(local, 'large'), bytes)
    const there: TransferProgress[] = []
    const back: TransferProgress[] = []
    await machine.upload({ path: join(local, 'large') }, 'C:\\a b\\100% ünder\\large', { onProgress: (progress) => there.push(progress) })
    expect((await readFile(join(stand.drive.directory, 'a b/100% ünder/large'))).equals(bytes)).toBe(true)
    expect(there.at(-1)).toEqual({ bytes: bytes.length, total: bytes.length })
    await machine.download('c:/a b/100% ünder/large', join(local, 'back/large'), { onProgress: (progress) => back.push(progress) })
    expect((await readFile(join(local, 'back/large'))).equals(bytes)).toBe(true)
    expect(back.at(-1)).toEqual({ bytes: bytes.length, total: bytes.length })
  })
})

test('content replaces a file, and empty content is an empty file', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await machine.upload({ content: 'first' }, 'C:\\Windows\\Temp\\cow.txt')
  await machine.upload({ content: 'Mü.' }, 'c:/windows/temp/COW.TXT')
  await machine.upload({ content: '' }, 'C:\\empty')
  const temp = join(stand.drive.directory, 'Windows/Temp')
  expect(await readdir(temp)).toEqual(['cow.txt'])
  expect(await readFile(join(temp, 'cow.txt'), 'utf8')).toBe('Mü.')
  expect((await stat(join(stand.drive.directory, 'empty'))).size).toBe(0)
})

test('the content of a directory goes beside what is there, in one process; links are followed', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const local = await temporaryDirectory()
  await mkdir(join(local, 'site/sub/empty'), { recursive: true })
  for (let index = 0; index < 50; index++) await writeFile(join(local, `site/sub/${index}.txt`), String(index))
  await symlink('sub/1.txt', join(local, 'site/link'))
  await symlink('sub', join(local, 'site/again'))
  await machine.upload({ content: 'kept' }, 'C:\\site\\kept')
  const before = stand.lines.length
  await machine.upload({ path: join(local, 'site') }, 'C:\\site')
  expect(stand.lines.length - before).toBe(1)
  await machine.download('C:\\site', join(local, 'back'))
  expect((await readdir(join(local, 'back'))).toSorted()).toEqual(['again', 'kept', 'link', 'sub'])
  expect(await readFile(join(local, 'back/link'), 'utf8')).toBe('1')
  expect(await readFile(join(local, 'back/again/49.txt'), 'utf8')).toBe('49')
  expect((await readdir(join(local, 'back/sub'))).length).toBe(51)
  expect((await stat(join(local, 'back/sub/empty'))).isDirectory()).toBe(true)
})

test('what is wrong with a source is told, and nothing is left', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const local = await temporaryDirectory()
  const missing = join(local, 'missing')
  await expect(machine.upload({ path: missing }, 'C:\\x')).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: expect.stringContaining(missing),
  })
  await mkdir(join(local, 'site/a'), { recursive: true })
  await symlink('..', join(local, 'site/a/up'))
  await expect(machine.upload({ path: join(local, 'site') }, 'C:\\site')).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: expect.stringContaining('leads to a directory that it is in'),
  })
  await symlink('nowhere', join(local, 'dangling'))
  await expect(machine.upload({ path: local }, 'C:\\site')).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: expect.stringContaining(join(local, 'dangling')),
  })
  await expect(machine.download('C:\\missing', join(local, 'down'))).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: "there is nothing at 'C:\\missing' in the machine",
  })
  await expect(stat(join(local, 'down'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('no file takes the place of a directory, and the machine says so', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  await machine.upload({ content: 'x' }, 'C:\\folder\\kept')
  await expect(machine.upload({ content: 'y' }, 'C:\\folder')).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: expect.stringMatching(/^cannot upload to 'C:\\folder': .* is a directory$/),
  })
  expect(await machine.stat('C:\\folder\\kept')).toEqual({ kind: 'file', size: 1 })
})

test('a transfer that is cancelled leaves no part of a file, and the machine takes the next', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const local = await temporaryDirectory()
  const content = randomBytes(4_000_000)
  const abort = new AbortController()
  const upload = machine.upload({ content }, 'C:\\up\\large', { signal: abort.signal, onProgress: () => abort.abort() })
  await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await readdir(join(stand.drive.directory, 'up'))).toEqual([])
  await machine.upload({ content }, 'C:\\up\\large')
  const stop = new AbortController()
  const download = machine.download('C:\\up\\large', join(local, 'down/large'), { signal: stop.signal, onProgress: () => stop.abort() })
  await expect(download).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await readdir(join(local, 'down'))).toEqual([])
  await machine.download('C:\\up\\large', join(local, 'large'))
  expect((await readFile(join(local, 'large'))).equals(content)).toBe(true)
})

test('content that comes otherwise than it was sent is not taken', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const local = await temporaryDirectory()
  stand.on(/# imago|ScriptBlock/, async (job) => {
    for await (const _ of job.stdin) continue
    job.write('stdout', `kfile\r\nf3 ZmlsZQ==\r\n+bW9v\r\ne${'0'.repeat(64)}\r\ndone\r\n`)
    return 0
  })
  await expect(machine.download('C:\\x', join(local, 'x'))).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: "cannot download 'C:\\x': what has come of 'file' is not what was sent",
  })
  expect(await readdir(local)).toEqual([])
})

test('what Windows says of a disk, a right, or of its PowerShell is told', async () => {
  const stand = await standIn()
  const machine = await connect(stand)
  const failure = (number: number, words: string): string => `!${number} ${Buffer.from(words).toString('base64')}\r\n`
  const answers = [
    failure(-2_147_024_784, 'There is not enough space on the disk.'),
    failure(-2_147_024_891, "Access to the path 'C:\\Windows\\x' is denied."),
    '',
  ]
  stand.on(/ScriptBlock/, async (job) => {
    for await (const _ of job.stdin) continue
    job.write('stdout', answers.shift() ?? '')
    job.write('stderr', '#< CLIXML\r\n<Objs><S S="Error">scripts are disabled_x000D__x000A_</S></Objs>')
    return 1
  })
  const upload = async (): Promise<void> => await machine.upload({ content: 'x' }, 'C:\\x')
  await expect(upload()).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: "cannot upload to 'C:\\x': There is not enough space on the disk",
  })
  await expect(upload()).rejects.toMatchObject({ code: 'TRANSFER_FAILED', hint: expect.stringContaining('elevated') })
  await expect(upload()).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
    message: "cannot upload to 'C:\\x': PowerShell ended with 1: scripts are disabled",
  })
})

test('a link to a directory is left out of a download, and that is said', async () => {
  const stand = await standIn()
  const ctx = provisionContext()
  const machine = await connect(stand, {}, ctx)
  const local = await temporaryDirectory()
  await machine.upload({ content: 'x' }, 'C:\\site\\sub\\file')
  await symlink('sub', join(stand.drive.directory, 'site/link'))
  await machine.download('C:\\site', join(local, 'site'))
  expect(await readdir(join(local, 'site'))).toEqual(['sub'])
  expect(JSON.stringify(ctx.said.events)).toContain("left out 'link'")
})

test('modes and owners are refused', async () => {
  const machine = await connect(await standIn())
  await expect(machine.upload({ content: 'x' }, 'C:\\x', { mode: 0o600 })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(machine.upload({ content: 'x' }, 'C:\\x', { owner: '0:0' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

test('stat tells files, directories and nothing apart', async () => {
  const machine = await connect(await standIn())
  await machine.upload({ content: '12345' }, 'C:\\a & b\\100%\\file')
  expect(await machine.stat('C:/a & b/100%/file')).toEqual({ kind: 'file', size: 5 })
  expect(await machine.stat('C:\\a & b\\100%\\')).toEqual({ kind: 'directory', size: 0 })
  expect(await machine.stat('C:\\')).toEqual({ kind: 'directory', size: 0 })
  expect(await machine.stat('C:\\a & b\\missing')).toBeUndefined()
  expect(await machine.stat('C:\\a & b\\100%\\file\\below')).toBeUndefined()
  expect(await machine.stat('C:\\a*')).toBeUndefined()
})
