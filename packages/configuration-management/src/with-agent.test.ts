import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ImagoError, secret } from '@imago/core'
import type { FakeMachine, UploadRecord } from '@imago/testing'
import { expectMachine, fakeMachine, provisionContext } from '@imago/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Agent } from './agent.ts'
import type { AgentJob, ReadyAgent } from './with-agent.ts'
import { withAgent } from './with-agent.ts'

const agent: Agent = {
  title: 'Moo',
  program: 'moo',
  folders: ['/opt/moo/bin'],
  packages: { 'apt-get': ['moo-agent'], apk: ['moo'] },
}

let directory = ''
let workDirectory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-agent-'))
  workDirectory = join(directory, 'work')
  await mkdir(workDirectory)
})
afterEach(async () => await rm(directory, { recursive: true }))

function machineWithMoo(): FakeMachine {
  return fakeMachine().on(/command -v -- .* moo /, { stdout: '/opt/moo/bin/moo\n' })
}

interface Trial {
  readonly job?: Partial<AgentJob>
  readonly machine?: FakeMachine
  readonly signal?: AbortSignal
  readonly use?: (ready: ReadyAgent) => Promise<unknown>
}

async function trial({ job, machine = machineWithMoo(), signal, use }: Trial) {
  const context = provisionContext({ machine, directory, workDirectory, ...(signal !== undefined && { signal }) })
  const all = { agent, options: {}, files: [], ...job }
  const result = await withAgent(all, context, use ?? ((ready) => ready.run({ args: ['apply'] })))
  return { machine, result, said: context.said }
}

function uploads(machine: FakeMachine): readonly UploadRecord[] {
  return machine.records.filter((record) => record.kind === 'upload')
}

describe('the staging directory', () => {
  test('gets everything in one stream, and is gone afterwards', async () => {
    await mkdir(join(directory, 'modules/a'), { recursive: true })
    await writeFile(join(directory, 'modules/a/init'), 'a')
    await writeFile(join(directory, 'site'), 's')
    const files = [
      { to: 'modules/0', path: 'modules' },
      { to: 'manifests/site', path: 'site' },
      { to: 'config', content: (stage: string) => `in ${stage}`, mode: 0o640 },
    ]
    const { machine, result } = await trial({ job: { files }, use: (ready) => Promise.resolve(ready.directory) })
    expect(result).toMatch(/^\/tmp\/imago-moo-[0-9a-f]{16}$/)
    expect(uploads(machine)).toHaveLength(1)
    expect(uploads(machine)[0]?.files.map(({ path, mode }) => [path.replace(String(result), ''), mode & 0o777])).toEqual(
      expect.arrayContaining([
        ['/modules/0/a/init', 0o644],
        ['/manifests/site', 0o644],
        ['/config', 0o640],
      ]),
    )
    const config = uploads(machine)[0]?.files.find(({ path }) => path.endsWith('/config'))
    expect(String(config?.content)).toBe(`in ${String(result)}`)
    expectMachine(machine).inOrder([/mkdir -m 0700/, new RegExp(`exec rm -rf -- ${String(result)} <`)])
    expect(await readdir(workDirectory)).toEqual([])
  })

  test('gets secrets apart, with their mode, and neither this disk nor a command line sees them', async () => {
    await writeFile(join(directory, 'key'), 'k', { mode: 0o644 })
    const files = [
      { to: 'key', path: 'key', isPrivate: true },
      { to: 'vars.json', content: secret('{"password":"hunter22"}') },
      { to: 'open', content: 'o' },
    ]
    const options = { env: { TOKEN: secret('hunter33') }, stagingDirectory: '/srv/stage' }
    const { machine, said } = await trial({ job: { files, options } })
    expect(uploads(machine).flatMap((each) => each.files.map(({ path, mode }) => [path, mode & 0o777]))).toEqual([
      ['/srv/stage/open', 0o644],
      ['/srv/stage/key', 0o600],
      ['/srv/stage/vars.json', 0o600],
    ])
    expect(said.secrets).toEqual(['hunter33', '{"password":"hunter22"}'])
    const lines = machine.commands.map(({ command }) => [command].flat().join(' '))
    expect(lines.join('\n')).not.toContain('hunter')
    expectMachine(machine).toHaveRun(/^export TOKEN=hunter33$/m)
  })

  test.each(['run', 'upload'])('is removed when the %s fails', async (what) => {
    const machine = machineWithMoo()
    const files = what === 'upload' ? [{ to: 'a', path: 'gone' }] : []
    const use = (): Promise<never> => Promise.reject(new ImagoError('COMMAND_FAILED', 'moo failed'))
    const error = what === 'upload' ? 'INPUT_MISSING' : 'COMMAND_FAILED'
    await expect(trial({ machine, job: { files }, use })).rejects.toMatchObject({ code: error })
    expectMachine(machine).toHaveRun(/rm -rf -- \/tmp\/imago-moo/)
    expect(await readdir(workDirectory)).toEqual([])
  })

  test('is removed after a cancel in the middle', async () => {
    const abort = new AbortController()
    const machine = machineWithMoo().on(/exec \/opt\/moo\/bin\/moo apply/, () => {
      abort.abort(new ImagoError('CANCELLED', 'enough'))
      return { hang: true }
    })
    await expect(trial({ machine, signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED', message: 'enough' })
    expectMachine(machine).toHaveRun(/rm -rf -- \/tmp\/imago-moo/)
  })

  test('that cannot be removed is a warning', async () => {
    const machine = machineWithMoo().on(/rm -rf/, { exitCode: 1 })
    const { said, result } = await trial({ machine })
    expect(result).toBe(0)
    expect(said.events).toMatchObject([{ level: 'warning', text: expect.stringMatching(/^\/tmp\/imago-moo-.* is still in the machine/) }])
  })

  test('that is there already is not taken, nor removed', async () => {
    const machine = machineWithMoo().on(/mkdir/, { exitCode: 1, stdout: "mkdir: cannot create directory '/srv': File exists\n" })
    await expect(trial({ machine, job: { options: { stagingDirectory: '/srv' } } })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "the staging directory '/srv' cannot be made: mkdir: cannot create directory '/srv': File exists",
    })
    expectMachine(machine).notToHaveRun(/rm -rf/)
  })
})

describe('the agent', () => {
  test('runs as root, in the staging directory, with its environment on standard input', async () => {
    const machine = machineWithMoo().on(/moo apply/, { exitCode: 2, stdout: 'a\n', stderr: 'Error: in /s/site\n' })
    const lines: string[] = []
    const { result, said } = await trial({
      machine,
      job: { options: { stagingDirectory: '/s', env: { A: 'a b' } }, env: { FACT: '1' } },
      use: (ready) => ready.run({ args: ['apply', 'a b'], onLine: (line) => lines.push(line) }),
    })
    expect(result).toBe(2)
    expect(said).toMatchObject({ stdout: 'a\n', stderr: 'Error: in /s/site\n' })
    expect(lines).toEqual(['a', 'Error: in /s/site'])
    const record = machine.commands.find(({ text }) => text.includes('moo apply'))
    expect(record?.command).toMatch(/^if \[ "\$\(id -u\)" = 0 \]; then exec sh -c .*; else exec sudo -n -- sh -c /s)
    expect(record?.stdin).toContain("export A='a b'\nexport FACT=1\n")
    expect(record?.text).toContain('CDPATH= cd -- /s')
  })

  test('runs as the user it is without sudo', async () => {
    const { machine } = await trial({ job: { options: { sudo: false, stagingDirectory: '/s', env: { A: 'a' } } } })
    expect(machine.commands.find(({ text }) => text.includes('moo apply'))).toMatchObject({
      command: ['/opt/moo/bin/moo', 'apply'],
      cwd: '/s',
      env: { A: 'a', IMAGO_BUILD_NAME: 'fake' },
    })
  })

  test('gives sudo its password on standard input', async () => {
    const { machine, said } = await trial({ job: { options: { sudo: { password: secret('opensesame') } } } })
    const sudos = machine.commands.filter(({ text }) => text.includes('sudo -S'))
    expect(sudos.map(({ stdin }) => stdin?.split('\n')[0])).toEqual(['opensesame', 'opensesame', 'opensesame'])
    expect(sudos.every(({ command }) => !String(command).includes('opensesame'))).toBe(true)
    expect(said.secrets).toContain('opensesame')
  })

  test('speaks of the paths of this machine', async () => {
    await writeFile(join(directory, 'site.pp'), '')
    await mkdir(join(directory, 'modules'))
    const files = [
      { to: 'modules/0', path: 'modules/' },
      { to: 'manifests/site.pp', path: 'site.pp' },
    ]
    await trial({
      job: { files },
      use: (ready) => {
        const stage = ready.directory
        expect(ready.withLocalPaths(`${stage}/manifests/site.pp:1, ${stage}/modules/0/a`)).toBe('site.pp:1, modules/a')
        return Promise.resolve()
      },
    })
  })

  test('that is not there is an error with a hint, and nothing is uploaded', async () => {
    const machine = fakeMachine().on(/command -v/, { exitCode: 1 })
    await expect(trial({ machine })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: "there is no program 'moo' in the machine",
      hint: expect.stringContaining("install: 'package' installs moo-agent or moo"),
    })
    expect(machine.commands).toHaveLength(2)
    await expect(trial({ machine, job: { options: { binDirectory: '/opt/x' } } })).rejects.toMatchObject({
      message: "there is no program 'moo' in the machine's /opt/x",
    })
  })
})
