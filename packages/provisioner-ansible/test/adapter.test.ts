import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { nullBuilder } from '@imago/builder-null'
import type { Communicator } from '@imago/core'
import { buildContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { startAdapter } from '../src/adapter/start-adapter.ts'
import type { Adapter } from '../src/adapter/start-adapter.ts'
import { writeSshConfig } from '../src/ssh-config.ts'
import { makeDefinition, processesAbout, runOn } from './bench.ts'

const run = promisify(execFile)
const local = nullBuilder({ communicator: 'local' })

/** This machine, as its builder hands it over; it is open until `until` resolves. */
async function openMachine(directory: string, until: Promise<void>): Promise<Communicator> {
  return await new Promise((resolve, reject) => {
    const provision = async (machine: Communicator): Promise<void> => {
      resolve(machine)
      await until
    }
    Promise.resolve(local.build(buildContext({ directory, provision }))).catch(reject)
  })
}

const skipSsh = reasonToSkip({ sshd: 'ssh -V && scp 2>&1 | grep usage' })

describe.skipIf(skipSsh !== '')(`the adapter, used by OpenSSH's programs${skipSsh}`, () => {
  let folder: string
  let adapter: Adapter
  let config: string
  let close: () => void
  const closed = new Promise<void>((resolve) => (close = resolve))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-adapter-'))
    await mkdir(join(folder, 'machine'))
    adapter = await startAdapter({
      machine: await openMachine(join(folder, 'machine'), closed),
      user: 'somebody',
      folder,
      signal: new AbortController().signal,
    })
    config = await writeSshConfig(folder, adapter.connection)
  })
  afterAll(async () => {
    await adapter[Symbol.asyncDispose]()
    close()
    await rm(folder, { recursive: true, force: true })
  })
  const ssh = (...command: readonly string[]) => run('ssh', ['-F', config, '127.0.0.1', ...command])
  const inMachine = (...names: readonly string[]): string => join(folder, 'machine', ...names)

  test('ssh: output, errors, input and exit code', async () => {
    const { stdout, stderr } = await ssh('printf out; printf err >&2')
    expect([stdout, stderr]).toEqual(['out', 'err'])
    await expect(ssh('exit 7')).rejects.toMatchObject({ code: 7 })
    const piped = run('ssh', ['-F', config, '127.0.0.1', 'cat; printf " %s" "$#"'])
    piped.child.stdin?.end('read this')
    expect((await piped).stdout).toBe('read this 0')
  })

  test('ssh: much output and much input, to the last byte', async () => {
    const script = `ssh -F ${config} 127.0.0.1 'head -c 20000000 /dev/zero; head -c 5000000 /dev/zero >&2' 2>errors | (sleep 0.3; wc -c); wc -c <errors
head -c 20000000 /dev/zero | ssh -F ${config} 127.0.0.1 'wc -c'
ssh -F ${config} 127.0.0.1 'head -c 5000000 /dev/zero & head -c 5000000 /dev/zero >&2; wait' 2>errors | wc -c; wc -c <errors`
    const { stdout } = await run('sh', ['-c', script], { cwd: folder })
    expect(stdout.trim().split(/\s+/)).toEqual(['20000000', '5000000', '20000000', '5000000', '5000000'])
  })

  test('ssh: a client that goes takes its command with it', async () => {
    const seconds = `49${process.pid}`
    const client = run('ssh', ['-F', config, '127.0.0.1', `echo started; sleep ${seconds}`])
    await new Promise((resolve) => client.child.stdout?.once('data', resolve))
    expect(processesAbout(`sleep ${seconds}`).length).toBeGreaterThan(0)
    client.child.kill('SIGKILL')
    await expect(client).rejects.toThrow('Command failed')
    await expect.poll(() => processesAbout(`sleep ${seconds}`)).toEqual([])
  })

  test('ssh: nobody else gets in', async () => {
    const other = join(folder, 'other')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other])
    const options = ['-i', other, '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
    const port = String(adapter.connection.port)
    await expect(run('ssh', ['-F', 'none', ...options, '-o', 'BatchMode=yes', '-p', port, 'root@127.0.0.1', 'id'])).rejects.toMatchObject({
      code: 255,
    })
  })

  test('scp: files and folders, both ways, with modes', async () => {
    await mkdir(join(folder, 'there/sub'), { recursive: true })
    const content = randomBytes(6_000_000)
    await writeFile(join(folder, 'there/a file'), content, { mode: 0o750 })
    await writeFile(join(folder, 'there/sub/empty'), '')
    await run('scp', ['-q', '-p', '-r', '-F', config, join(folder, 'there'), `127.0.0.1:${inMachine('copy')}`])
    expect((await stat(inMachine('copy/a file'))).mode & 0o777).toBe(0o750)
    expect(await readdir(inMachine('copy'), { recursive: true })).toEqual(expect.arrayContaining(['a file', 'sub', join('sub', 'empty')]))
    await run('scp', ['-q', '-r', '-F', config, '127.0.0.1:copy', join(folder, 'back')])
    expect(content.equals(await readFile(inMachine('copy/a file')))).toBe(true)
    expect(content.equals(await readFile(join(folder, 'back/a file')))).toBe(true)
    expect(await readdir(join(folder, 'back/sub'))).toEqual(['empty'])
    await expect(run('scp', ['-q', '-F', config, '127.0.0.1:nothing', folder])).rejects.toThrow(/No such file/)
  })

  test('sftp: what its commands do to files', async () => {
    const batch = join(folder, 'batch')
    await writeFile(inMachine('one'), 'first half, ')
    await writeFile(join(folder, 'half'), 'first half, second half')
    const commands = [
      'mkdir d',
      'rename one d/two',
      'chmod 600 d/two',
      'symlink two d/link',
      'ls -1 d',
      `reput ${join(folder, 'half')} d/two`,
      'mkdir e',
      'rmdir e',
      '-rm nothing',
    ]
    await writeFile(batch, `${[`cd ${inMachine()}`, ...commands].join('\n')}\n`)
    const { stdout } = await run('sftp', ['-q', '-F', config, '-b', batch, '127.0.0.1'])
    expect(stdout).toContain('sftp> ls -1 d\nd/link\nd/two\n')
    expect(await readFile(inMachine('d/link'), 'utf8')).toBe('first half, second half')
    expect(await readdir(inMachine('d'))).toEqual(['link', 'two'])
  })
})

const skip = reasonToSkip({ ansible: 'ansible-playbook --version' })

describe.skipIf(skip !== '')(`ansible through the adapter${skip}`, () => {
  test('goes into a machine of whatever kind, and fetches and copies files', async () => {
    await using definition = await makeDefinition({
      'play/site.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: { src: big, dest: "{{ target }}/big", mode: "0640" }
    - ansible.builtin.fetch: { src: "{{ target }}/big", dest: "{{ target }}/fetched", flat: true }
    - ansible.builtin.command: cat
      args: { stdin: "{{ imago_builder_type }}" }
      register: said
    - ansible.builtin.assert:
        that:
          - said.stdout == 'null'
          - ansible_user == lookup('pipe', 'id -un')
    - { ansible.builtin.command: /usr/bin/id, tags: [other] }
- hosts: localhost
  gather_facts: false
  tasks: [{ ansible.builtin.debug: { msg: here } }]
  `,
      'play/files/big': 'cow\n'.repeat(100_000),
      hosts: 'default\nelsewhere ansible_host=192.0.2.1\n[farm]\ndefault\n',
      'group_vars/farm.yml': 'animal: cow\n',
    })
    const { directory } = definition
    const { status, error, messages, left } = await runOn(
      local,
      {
        playbook: 'play/site.yml',
        inventories: ['hosts'],
        extraVariables: { target: directory },
        tags: ['all'],
        skipTags: ['other'],
        reads: ['group_vars'],
      },
      { directory },
    )
    expect({ status, error, left }).toEqual({ status: 'succeeded', error: undefined, left: [] })
    expect((await stat(join(directory, 'big'))).mode & 0o777).toBe(0o640)
    expect(await readFile(join(directory, 'fetched'), 'utf8')).toHaveLength(400_000)
    expect(messages).toContain('default: 4 ok, 3 changed')
    expect(messages).toContain('localhost: 1 ok, 0 changed')
  })

  test.each([
    [
      'a syntax error',
      '- hosts: all\n  tasks:\n    - no_such_module: {}\n',
      /^the playbook 'site.yml' cannot be run: couldn't resolve module\/action 'no_such_module'\. .*\/site.yml:3:7\)$/,
      /galaxyFile/,
    ],
    [
      'a role that is nowhere',
      '- hosts: all\n  roles: [nowhere]\n',
      /^the playbook 'site.yml' cannot be run: the role 'nowhere' was not found/,
      /rolesPath/,
    ],
    ['no play for the machine', '- hosts: web\n  tasks: []\n', /^no play of 'site.yml' is for the machine of the build$/, /groups/],
    [
      'a machine without Python',
      '- hosts: all\n  gather_facts: false\n  vars: { ansible_python_interpreter: /nowhere/python3 }\n  tasks: [{ name: look, ansible.builtin.ping: }]\n',
      /^the task 'look' .* failed on default: .*\/nowhere\/python3: not found$/,
      /install -y python3/,
    ],
  ])('%s is an error that says so', async (_, playbook, message, hint) => {
    await using definition = await makeDefinition({ 'site.yml': playbook })
    const { error, left } = await runOn(local, { playbook: 'site.yml' }, definition)
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringMatching(message), hint: expect.stringMatching(hint) })
    expect(left).toEqual([])
  })

  test('a cancel ends the playbook and its commands', async () => {
    const seconds = `50${process.pid}`
    await using definition = await makeDefinition({
      'site.yml': `- { hosts: all, gather_facts: false, tasks: [{ ansible.builtin.command: "sleep ${seconds}" }] }`,
    })
    const cancel = new AbortController()
    const running = runOn(local, { playbook: 'site.yml' }, { directory: definition.directory, signal: cancel.signal })
    let ended: unknown
    void running.then((outcome) => (ended = outcome))
    await vi.waitUntil(() => ended !== undefined || processesAbout(`sleep ${seconds}`).length > 0, { timeout: 20_000, interval: 50 })
    expect(ended).toBeUndefined()
    cancel.abort()
    expect(await running).toMatchObject({ status: 'cancelled', left: [] })
    expect(processesAbout(`sleep ${seconds}`)).toEqual([])
  })
})
