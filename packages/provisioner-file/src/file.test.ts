import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { secret } from '@imago/core'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { FileOptions } from './index.ts'
import { file } from './index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-file-'))
  await mkdir(join(directory, 'site/sub'), { recursive: true })
  await writeFile(join(directory, 'site/sub/a'), 'a')
  await writeFile(join(directory, 'one.conf'), 'one')
  await chmod(join(directory, 'one.conf'), 0o640)
})
afterEach(async () => await rm(directory, { recursive: true }))

async function run(options: FileOptions, machine = fakeMachine()) {
  const context = provisionContext({ machine, directory })
  await file(options).provision(context)
  return { machine, said: context.said }
}

describe('upload of a file', () => {
  test('goes to the path that is named, whatever the name', async () => {
    const { machine } = await run({ source: 'one.conf', destination: '/etc/two' })
    expectMachine(machine).toHaveUploaded('/etc/two', { content: 'one', mode: 0o640 })
  })
  test('goes into a directory, by a slash or because there is one', async () => {
    const { machine } = await run({ source: 'one.conf', destination: '/etc/a/' }, fakeMachine({ files: { '/srv/x': '' } }))
    await run({ source: 'one.conf', destination: '/srv' }, machine)
    expectMachine(machine).toHaveUploaded('/etc/a/one.conf').toHaveUploaded('/srv/one.conf')
  })
  test('gets a mode and an owner', async () => {
    const { machine } = await run({ source: 'one.conf', destination: '/etc/x', mode: 0o600, owner: 'www-data:33' })
    expectMachine(machine).toHaveUploaded('/etc/x', { mode: 0o600, owner: 'www-data:33' })
  })
  test('follows a link, and keeps the name', async () => {
    await symlink('one.conf', join(directory, 'current'))
    const { machine } = await run({ source: 'current', destination: '/etc/' })
    expectMachine(machine).toHaveUploaded('/etc/current', { content: 'one' })
  })
  test('goes where the facts say', async () => {
    const { machine } = await run({ source: 'one.conf', destination: ({ buildName }) => `/etc/${buildName}` })
    expectMachine(machine).toHaveUploaded('/etc/fake')
  })
})

describe('upload of a directory', () => {
  test.each([
    ['site', '/srv', '/srv/site/sub/a'],
    ['site', '/srv/', '/srv/site/sub/a'],
    ['site/', '/srv', '/srv/sub/a'],
    ['site/', '/srv/', '/srv/sub/a'],
    ['site/.', '/srv', '/srv/sub/a'],
    ['site/sub/..', '/srv', '/srv/sub/a'],
    ['./site', '/srv', '/srv/site/sub/a'],
    ['.', '/srv', '/srv/site/sub/a'],
    ['site/', '/', '/sub/a'],
    ['site', '/', '/site/sub/a'],
  ])('%s to %s makes %s', async (source, destination, path) => {
    for (const machine of [fakeMachine(), fakeMachine({ files: { '/srv/there': '' } })]) {
      await run({ source, destination }, machine)
      expect(machine.files.text(path)).toBe('a')
      expect(machine.records).toHaveLength(1)
    }
  })
  test('leaves it to the machine to leave out what is there, when that is asked for', async () => {
    const { machine } = await run({ source: 'site', destination: '/srv', sync: true })
    await run({ sources: ['one.conf'], destination: '/etc', sync: false }, machine)
    expect(machine.records).toMatchObject([{ kind: 'upload', sync: true }, { kind: 'upload' }])
    expect(machine.records[1]).not.toHaveProperty('sync')
  })
  test('says how far it is', async () => {
    const { said } = await run({ source: 'site', destination: '/srv' })
    expect(said.events).toEqual([
      { type: 'progress', task: 'upload site', done: 1, unit: 'bytes' },
      { type: 'progress', task: 'upload site', done: 1, total: 1, unit: 'bytes' },
    ])
  })
})

test('several sources go into a directory, each in one transfer', async () => {
  const { machine } = await run({ sources: ['one.conf', 'site', 'site/'], destination: '/srv/new' })
  expect(machine.files.paths.filter((path) => path.startsWith('/srv/new/'))).toEqual([
    '/srv/new/one.conf',
    '/srv/new/site',
    '/srv/new/site/sub',
    '/srv/new/site/sub/a',
    '/srv/new/sub',
    '/srv/new/sub/a',
  ])
  expect(machine.records).toHaveLength(3)
})

describe('content', () => {
  test('is text, bytes, a secret or made from facts', async () => {
    const { machine } = await run({ content: 'ü\n', destination: '/a', mode: 0o755 })
    await run({ content: Uint8Array.of(0, 255), destination: '/b' }, machine)
    await run({ content: ({ image }) => image, destination: '/c', owner: '1:2' }, machine)
    const { said } = await run({ content: () => secret('hunter22'), destination: '/d', mode: 0o600 }, machine)
    expectMachine(machine)
      .toHaveUploaded('/a', { content: 'ü\n', mode: 0o755 })
      .toHaveUploaded('/b', { content: Uint8Array.of(0, 255), mode: 0o644 })
      .toHaveUploaded('/c', { content: 'image', owner: '1:2' })
      .toHaveUploaded('/d', { content: 'hunter22', mode: 0o600 })
    expect(said.secrets).toEqual(['hunter22'])
  })
  test('may be empty', async () => {
    const { machine } = await run({ content: '', destination: '/a' })
    expectMachine(machine).toHaveUploaded('/a', { content: '' })
  })
})

describe('download', () => {
  const machine = () => fakeMachine({ files: { '/var/log/a': 'a', '/var/log/sub/b': 'b', '/etc/os-release': 'os' } })
  const read = (path: string): string => readFileSync(join(directory, path), 'utf8')

  test.each([
    ['/etc/os-release', 'release', 'release', 'os'],
    ['/etc/os-release', 'new/', 'new/os-release', 'os'],
    ['/etc/os-release', 'site', 'site/os-release', 'os'],
    ['/var/log', 'out', 'out/log/sub/b', 'b'],
    ['/var/log/', 'out', 'out/sub/b', 'b'],
    ['/var/log/', 'out/', 'out/a', 'a'],
  ])('of %s to %s makes %s', async (source, destination, path, content) => {
    await run({ direction: 'download', source, destination }, machine())
    expect(read(path)).toBe(content)
  })
  test('of several goes into a directory', async () => {
    const { said } = await run({ direction: 'download', sources: ['/etc/os-release', '/var/log'], destination: 'out' }, machine())
    expect([read('out/os-release'), read('out/log/a')]).toEqual(['os', 'a'])
    expect(new Set(said.events.map((event) => event.type === 'progress' && event.task))).toEqual(
      new Set(['download /etc/os-release', 'download /var/log']),
    )
  })
  test('goes where the facts say', async () => {
    await run({ direction: 'download', source: '/etc/os-release', destination: (facts) => `${facts.buildName}/` }, machine())
    expect(read('fake/os-release')).toBe('os')
  })
  test('of what is not there is an error', async () => {
    await expect(run({ direction: 'download', source: '/no', destination: 'x' })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: 'download /no: there is no such file or directory in the machine',
    })
    expect(existsSync(join(directory, 'x'))).toBe(false)
  })
})

describe('problems', () => {
  test('a source that has gone, or is no directory, or no file', async () => {
    await expect(run({ source: 'gone', destination: '/x' })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(run({ source: 'one.conf/', destination: '/x' })).rejects.toMatchObject({ code: 'INPUT_MISSING' })
    await expect(run({ source: '/dev/null', destination: '/x' })).rejects.toThrow('neither a file nor a directory')
  })
  test('a source whose links lead in a circle', async () => {
    await symlink('there', join(directory, 'here'))
    await symlink('here', join(directory, 'there'))
    await expect(run({ source: 'here', destination: '/x' })).rejects.toMatchObject({
      code: 'INPUT_MISSING',
      message: 'upload here: its symbolic links lead in a circle',
    })
  })
  test('a directory with links in a circle and an empty one comes as it is', async () => {
    await symlink('circle', join(directory, 'site/circle'))
    await mkdir(join(directory, 'site/empty'))
    const { machine } = await run({ source: 'site/', destination: '/srv' })
    expect(machine.files.paths.filter((path) => path.startsWith('/srv/'))).toEqual(['/srv/circle', '/srv/empty', '/srv/sub', '/srv/sub/a'])
  })
  test('a destination that the facts make wrong', async () => {
    for (const [options, message] of [
      [{ source: 'site', destination: () => 'srv' }, 'destination: must be an absolute path of the machine, not "srv"'],
      [{ content: 'x', destination: () => '/srv/' }, 'destination: must name a file for the content, not "/srv/"'],
      [{ content: 'x', destination: () => '' }, 'destination: must not be empty'],
      [{ direction: 'download', source: '/etc/motd', destination: () => '' }, 'destination: must not be empty'],
    ] satisfies [FileOptions, string][]) {
      await expect(run(options)).rejects.toMatchObject({ code: 'DEFINITION_INVALID', message })
    }
  })
  test('a broken connection, and a signal', async () => {
    const machine = fakeMachine()
    machine.disconnect()
    await expect(run({ source: 'site', destination: '/x' }, machine)).rejects.toMatchObject({ code: 'DISCONNECTED' })
    const context = provisionContext({ directory, signal: AbortSignal.abort() })
    await expect(file({ source: 'site', destination: '/x' }).provision(context)).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('the step', () => {
  test.each([
    [{ source: 'site/', destination: '/srv' }, 'upload site/ to /srv'],
    [{ sources: ['a', 'b', 'c'], destination: '/srv' }, 'upload a (and 2 more) to /srv'],
    [{ content: 'x', destination: '/etc/motd' }, 'write /etc/motd'],
    [{ direction: 'download', source: '/var/log', destination: 'logs' }, 'download /var/log to logs'],
    [{ source: 'a', destination: () => '/x' }, 'upload a to a path of this build'],
  ] satisfies [FileOptions, string][])('%j is called %s', (options, title) => {
    expect(file(options).title).toBe(title)
  })
  test('names the files that it reads, unless they are made later', () => {
    expect(file({ source: 'a', destination: '/x' }).inputs?.()).toEqual([{ path: 'a', at: ['source'] }])
    expect(file({ sources: ['a', 'b/'], destination: '/x' }).inputs?.()).toEqual([
      { path: 'a', at: ['sources', 0] },
      { path: 'b/', at: ['sources', 1], kind: 'directory' },
    ])
    expect(file({ source: 'a', destination: '/x', generated: true }).inputs?.()).toEqual([])
    expect(file({ content: 'a', destination: '/x' }).inputs?.()).toEqual([])
    expect(file({ direction: 'download', source: '/a', destination: 'x' }).inputs?.()).toEqual([])
  })
  test.each([
    [{ source: '/a/b', destination: 'x' }, [{ path: 'x', shared: true }]],
    [{ source: '/a/b', destination: 'x/b' }, [{ path: 'x/b', shared: false }]],
    [{ source: '/a/b', destination: 'x.log' }, [{ path: 'x.log', shared: false }]],
    [{ source: '/a/b', destination: 'x/' }, [{ path: 'x/b', shared: false }]],
    [{ source: '/a/b/', destination: 'x/' }, [{ path: 'x/', shared: true }]],
    [
      { sources: ['/a/b', '/c/'], destination: 'x' },
      [
        { path: 'x/b', shared: false },
        { path: 'x/', shared: true },
      ],
    ],
    [{ source: '/a/b', destination: () => 'x' }, []],
  ] satisfies [Partial<FileOptions>, object[]][])('a download of %j writes %j', (options, expected) => {
    const outputs = file({ direction: 'download', ...options }).outputs?.()
    expect(outputs).toEqual(expected.map((output) => ({ ...output, at: ['destination'] })))
  })
  test('keeps common options and its own apart', () => {
    const step = file({ source: 'a', destination: '/x', retry: 2, except: ['aws'] })
    expect(step).toMatchObject({ type: 'file', retry: 2, except: ['aws'], options: { source: 'a', destination: '/x' } })
    expect(step.validate?.()).toEqual([])
    expect(file({ content: 'a', destination: '/x' }).outputs?.()).toEqual([])
  })
})

describe('validation', () => {
  const issuesOf = (options: object): readonly string[] => {
    const issues = file(options as FileOptions).validate?.() ?? [] // wrong on purpose
    return issues.map(({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
  }
  test('reports all problems at once', () => {
    expect(
      issuesOf({ source: '', content: 1, destiantion: 'x', mode: 0o10000, owner: 'www', generated: 'yes', sync: 1, direction: 'sideways' }),
    ).toMatchInlineSnapshot(`
      [
        "source: must not be empty, not """,
        "content: must be a string, bytes or a secret, not 1",
        "destination: is required",
        "direction: must be 'upload' or 'download', not "sideways"",
        "mode: must be permission bits, 0 to 0o7777, not 4096",
        "owner: must be a user and a group, by name or number: 33:33, not "www"",
        "generated: must be a boolean, not "yes"",
        "sync: must be a boolean, not 1",
        "destiantion: unknown option 'destiantion' (did you mean 'destination'?)",
        "content: source and content exclude each other (use a step for each)",
        "generated: belongs to source and sources, not to content",
        "sync: belongs to source and sources, not to content",
      ]
    `)
  })
  test('knows what belongs together', () => {
    expect(issuesOf({ destination: '/x' })).toEqual([': one of source, sources and content is required'])
    expect(issuesOf({ direction: 'download', source: 'a', destination: 'x', mode: 1, owner: '1:1', generated: true, sync: true })).toEqual([
      'mode: belongs to uploads, not to a download',
      'owner: belongs to uploads, not to a download',
      'generated: belongs to uploads, not to a download',
      'sync: belongs to uploads, not to a download',
      'source: must be an absolute path of the machine, not "a"',
    ])
    expect(issuesOf({ source: 'a', destination: 'etc/x' })).toEqual(['destination: must be an absolute path of the machine, not "etc/x"'])
    expect(issuesOf({ content: 'a', destination: '/etc/', generated: true })).toEqual([
      'generated: belongs to source and sources, not to content',
      'destination: must name a file for the content, not "/etc/"',
    ])
    expect(issuesOf({ source: 'a', sources: 3, destination: 'C:/x' })).toHaveLength(2)
    expect(issuesOf({ direction: 'download', sources: ['/a', 'b'], destination: 'x' })).toEqual([
      'sources.1: must be an absolute path of the machine, not "b"',
    ])
  })
})
