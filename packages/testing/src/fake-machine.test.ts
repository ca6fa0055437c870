import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { ImagoError } from '@imago/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { fakeMachine } from './fake-machine.ts'

describe('commands', () => {
  test('are recorded in order, with what they were given', async () => {
    const machine = fakeMachine()
    await machine.exec('true')
    await machine.exec(['cp', 'a b', 'c'], { env: { A: '1' }, cwd: '/srv', stdin: Readable.from([Buffer.from('in'), Buffer.from('put')]) })
    expect(machine.commands).toEqual([
      { kind: 'command', command: 'true', text: 'true', env: {} },
      { kind: 'command', command: ['cp', 'a b', 'c'], text: "cp 'a b' c\ninput", env: { A: '1' }, cwd: '/srv', stdin: 'input' },
    ])
  })

  test('succeed and print nothing without an answer', async () => {
    const chunks: unknown[] = []
    expect(await fakeMachine().exec('x', { onOutput: (...chunk) => chunks.push(chunk) })).toEqual({ exitCode: 0 })
    expect(chunks).toEqual([])
  })

  test('get the answer given last that matches, one reply after the other', async () => {
    const machine = fakeMachine().on(/.*/, { exitCode: 9 }).on(/^apt/, { exitCode: 1 }, { exitCode: 2 })
    const codes: number[] = []
    for (const command of ['apt', 'apt', 'apt', 'yum']) codes.push((await machine.exec(command)).exitCode)
    expect(codes).toEqual([1, 2, 2, 9])
  })

  test('print what the answer says', async () => {
    const machine = fakeMachine().on('id', ({ env }) => ({ stdout: `${env['USER']}\n`, stderr: Uint8Array.of(255) }))
    const chunks: [string, number[]][] = []
    await machine.exec('id', { env: { USER: 'ab' }, onOutput: (stream, chunk) => chunks.push([stream, [...chunk]]) })
    expect(chunks).toEqual([
      ['stdout', [97, 98, 10]],
      ['stderr', [255]],
    ])
  })

  test.each([{ hang: true }, { delay: 60_000 }, () => new Promise<never>(() => {})])('end with the signal: %o', async (reply) => {
    const abort = new AbortController()
    const result = fakeMachine().on(/x/, reply).exec('x', { signal: abort.signal })
    abort.abort(new ImagoError('TIMEOUT', 'too long'))
    await expect(result).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('do not begin when the signal is aborted already', async () => {
    const machine = fakeMachine()
    await expect(machine.exec('x', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(machine.stat('/', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(machine.records).toEqual([])
  })
})

describe('the connection', () => {
  test('breaks for one command with an answer', async () => {
    const machine = fakeMachine().on('reboot', { disconnect: true })
    await expect(machine.exec('reboot')).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect(await machine.exec('uptime')).toEqual({ exitCode: 0 })
  })

  test('breaks for good', async () => {
    const machine = fakeMachine().on('wait', { hang: true })
    const waiting = machine.exec('wait')
    machine.disconnect()
    await expect(waiting).rejects.toMatchObject({ code: 'DISCONNECTED' })
    await expect(machine.stat('/')).rejects.toMatchObject({ code: 'DISCONNECTED' })
  })

  test('is closed by disposing of the machine', async () => {
    const machine = fakeMachine()
    await machine[Symbol.asyncDispose]()
    expect(machine.closed).toBe(true)
    await expect(machine.exec('x')).rejects.toThrow('the connection to machine is closed')
  })
})

describe('restarts', () => {
  test('are recorded, with what was asked for', async () => {
    const machine = fakeMachine()
    await machine.exec('one')
    await machine.restart?.({ within: '2m', signal: new AbortController().signal })
    await machine.restart?.()
    expect(machine.records).toMatchObject([{ kind: 'command' }, { kind: 'restart', within: '2m' }, { kind: 'restart' }])
    expect(machine.records[1]).not.toHaveProperty('signal')
  })

  test('fail when they are told to, one after the other', async () => {
    const machine = fakeMachine().onRestart({ error: new ImagoError('TIMEOUT', 'it is late') }, {})
    await expect(machine.restart?.()).rejects.toMatchObject({ code: 'TIMEOUT' })
    await machine.restart?.()
    await machine.restart?.()
    expect(machine.records).toHaveLength(3)
  })

  test('end with the signal, and with the connection', async () => {
    const machine = fakeMachine().onRestart({ hang: true }, { delay: 60_000 })
    const abort = new AbortController()
    const restarting = [machine.restart?.({ signal: abort.signal }), machine.restart?.()]
    abort.abort(new ImagoError('CANCELLED', 'enough'))
    await expect(restarting[0]).rejects.toMatchObject({ code: 'CANCELLED' })
    machine.disconnect()
    await expect(restarting[1]).rejects.toMatchObject({ code: 'DISCONNECTED' })
  })

  test('are missing where the machine cannot', () => {
    expect(fakeMachine({ restarts: false }).restart).toBeUndefined()
  })
})

describe('files', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-fake-'))
  })
  afterEach(async () => await rm(folder, { recursive: true }))

  test('come in as content, with mode and owner', async () => {
    const machine = fakeMachine()
    await machine.upload({ content: 'hi' }, '/etc/a/b', { mode: 0o600, owner: 'www:www' })
    expect(machine.files.text('/etc/a/b')).toBe('hi')
    expect(machine.files.entry('/etc/a/b')).toMatchObject({ mode: 0o600, owner: 'www:www' })
    expect(await machine.stat('/etc/a')).toEqual({ kind: 'directory', size: 0 })
    expect(machine.records).toMatchObject([{ kind: 'upload', destination: '/etc/a/b', mode: 0o600, owner: 'www:www' }])
  })

  test('come in from a directory, beside what is there', async () => {
    await mkdir(join(folder, 'sub/empty'), { recursive: true })
    await writeFile(join(folder, 'sub/run'), 'x')
    await chmod(join(folder, 'sub/run'), 0o750)
    await symlink('sub/run', join(folder, 'link'))
    const machine = fakeMachine({ files: { '/srv/old': 'old' } })
    await machine.upload({ path: folder }, '/srv')
    expect(machine.files.names('/srv')).toEqual(['link', 'old', 'sub'])
    expect(machine.files.entry('/srv/link')).toMatchObject({ kind: 'symlink', target: 'sub/run' })
    expect(machine.files.follow('/srv/link')).toMatchObject({ kind: 'file', mode: 0o750 })
    expect(machine.files.entry('/srv/sub/empty')).toMatchObject({ kind: 'directory' })
  })

  test('go out again', async () => {
    const machine = fakeMachine()
    await machine.upload({ content: 'x' }, '/srv/run', { mode: 0o750 })
    machine.files.put('/srv/link', { kind: 'symlink', target: 'run', owner: '0:0' })
    await machine.download('/srv', join(folder, 'a/b'))
    expect(await readFile(join(folder, 'a/b/run'), 'utf8')).toBe('x')
    expect((await stat(join(folder, 'a/b/run'))).mode & 0o777).toBe(0o750)
    expect(await readlink(join(folder, 'a/b/link'))).toBe('run')
  })

  test('that are not there are errors', async () => {
    const machine = fakeMachine()
    await expect(machine.upload({ path: join(folder, 'no') }, '/x')).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(machine.download('/no', join(folder, 'x'))).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    expect(await machine.stat('/no')).toBeUndefined()
  })

  test('in loops of links are not there', async () => {
    const machine = fakeMachine()
    machine.files.put('/a', { kind: 'symlink', target: 'b', owner: '0:0' })
    machine.files.put('/b', { kind: 'symlink', target: '/a', owner: '0:0' })
    expect(await machine.stat('/a')).toBeUndefined()
    expect(await machine.stat('/a/x')).toBeUndefined()
    expect(machine.files.entry('/a')).toMatchObject({ target: 'b' })
  })

  test('do not replace directories', async () => {
    const machine = fakeMachine({ files: { '/srv/a': 'x' } })
    await expect(machine.upload({ content: 'x' }, '/srv')).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    await expect(machine.upload({ content: 'x' }, '/srv/a/b')).rejects.toMatchObject({ code: 'TRANSFER_FAILED' })
    expect(machine.files.text('/srv/a')).toBe('x')
  })

  test('are removed with all below them', () => {
    const { files } = fakeMachine({ files: { '/srv/a/b': '', '/srv/ab': '' } })
    files.remove('/srv/a')
    expect(files.paths).toEqual(['/', '/srv', '/srv/ab', '/tmp'])
  })
})

test('has the paths of Windows where it runs that', async () => {
  const machine = fakeMachine({ platform: 'windows' })
  await machine.upload({ content: 'Moo.' }, 'C:\\Windows\\Temp\\cow.txt')
  expect(machine.files.text('/C:/Windows/Temp/cow.txt')).toBe('Moo.')
  expect(await machine.stat('C:/Windows/Temp/cow.txt')).toEqual({ kind: 'file', size: 4 })
})
